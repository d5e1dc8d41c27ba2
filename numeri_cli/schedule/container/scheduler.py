"""A container as a scheduler: how it is built without a secret in it, and when to start it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from numeri_cli.schedule.hosted_start import (
    DIGESTS,
    FOLDER,
    HOW_A_RELEASE_IS_MADE,
    KEY_NAMES,
    bring_in_and_run,
    early_moments,
    month_of_minutes,
    start_times,
    title,
)
from numeri_cli.schedule.job import Job, Layout, Schedule, ScheduleFile, ScheduleStatus

SCRIPT = "numeri-round.sh"
STATE = "/home/numeri/state"


@dataclass(frozen=True, slots=True)
class ContainerScheduler:
    """Shows the files of an image; building and starting it is podman's or docker's."""

    name: ClassVar[str] = "container"

    def lay_out(self, job: Job) -> Layout:
        """The image's files, and crontab lines that start it; the host's clock must be UTC."""
        secrets = " ".join(f"--env {key}" for key in KEY_NAMES)
        start = f"podman run --rm {secrets} --volume numeri:{STATE} numeri"
        return Layout(
            files=(
                ScheduleFile("Containerfile", "\n".join(_containerfile(job)) + "\n"),
                ScheduleFile(SCRIPT, "\n".join(_script(job)) + "\n"),
                ScheduleFile(".dockerignore", "\n".join(_ignored(job)) + "\n"),
            ),
            advice="put the three files beside numeri.toml, then `podman build --tag numeri .`"
            " (docker: `docker build --tag numeri --file Containerfile .`)",
            notes=(
                HOW_A_RELEASE_IS_MADE,
                (
                    "the keys are in no layer of the image: each start is given them by name, from"
                    f" the environment of whoever starts it: `{start}`"
                ),
                "the volume keeps the live file and the ledger from one start to the next",
                *(f"a crontab in UTC starts it: {fields} {start}" for fields in start_times(job)),
                f"what it costs: {month_of_minutes(job)}, wherever you let it run",
                (
                    "a cron of your own is punctual; that of a hosted service may be minutes late:"
                    " there are several starts, and each waits"
                ),
                "where a start fails its exit code is not 0, and [notify] in the profile tells you",
            ),
            moments=early_moments(job.moments),
            elsewhere=True,
        )

    def show(self, schedule: Schedule) -> ScheduleStatus:
        """Where the files belong; nobody looks whether they are there."""
        where = "the profile's folder, then whatever starts containers"
        return ScheduleStatus(schedule=schedule, state="unknown", where=where)


def _containerfile(job: Job) -> list[str]:
    return [
        f"# {title(job, 'container')}",
        "FROM docker.io/library/python:3.12-slim",
        "RUN apt-get update \\",
        "    && apt-get install --yes --no-install-recommends libgomp1 \\",
        "    && rm -rf /var/lib/apt/lists/* \\",
        "    && useradd --create-home numeri",
        "WORKDIR /home/numeri",
        f"COPY {DIGESTS} ./",
        f"COPY {FOLDER}/ {FOLDER}/",
        f"RUN (cd {FOLDER} && sha256sum --check --strict ../{DIGESTS}) \\",
        f"    && pip install --no-cache-dir {FOLDER}/*.whl",
        f"COPY numeri.toml {SCRIPT} ./",
        "USER numeri",
        f"RUN mkdir {STATE}",
        f"ENV NUMERI_HOME={STATE}",
        f"VOLUME {STATE}",
        f'ENTRYPOINT ["/bin/sh", "{SCRIPT}"]',
    ]


def _script(job: Job) -> list[str]:
    return [
        "#!/bin/sh",
        f"# {title(job, 'container')}",
        "set -eu",
        *bring_in_and_run(job),
    ]


def _ignored(job: Job) -> list[str]:
    """What the builder gets to see: keys and data that lie beside the profile stay outside."""
    return [
        f"# {title(job, 'container')}",
        "*",
        *(f"!{name}" for name in ("numeri.toml", DIGESTS, FOLDER, SCRIPT)),
    ]
