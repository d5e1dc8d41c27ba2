"""Modal as a scheduler: an app whose function is started by Modal's cron."""

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

FILE = "numeri_modal.py"


@dataclass(frozen=True, slots=True)
class ModalScheduler:
    """Shows an app; deploying it is Modal's own command."""

    name: ClassVar[str] = "modal"

    def lay_out(self, job: Job) -> Layout:
        """The app; Modal's cron is UTC."""
        stored = " ".join(f'{key}="${key}"' for key in KEY_NAMES)
        return Layout(
            files=(ScheduleFile(FILE, "\n".join(_app(job)) + "\n"),),
            advice=f"save it beside numeri.toml, `pip install modal`, then `modal deploy {FILE}`",
            notes=(
                HOW_A_RELEASE_IS_MADE,
                f"the keys, which the file only names: `modal secret create numeri {stored}`",
                f"`modal run {FILE}` is a start by hand",
                (
                    f"what it costs: {month_of_minutes(job)}, on one core and 4 GB: Modal counts"
                    f" seconds of both, and a free account has a monthly credit for many times that"
                ),
                (
                    "Modal's cron is punctual to about a minute, and a start can wait for a"
                    " machine: so there are several, and each waits"
                ),
                "a start that fails is marked by Modal, and [notify] in the profile tells you",
            ),
            moments=early_moments(job.moments),
            elsewhere=True,
        )

    def show(self, schedule: Schedule) -> ScheduleStatus:
        """Where the file belongs; nobody looks whether it is deployed."""
        where = f"{FILE} beside the profile, then `modal deploy`"
        return ScheduleStatus(schedule=schedule, state="unknown", where=where)


def _app(job: Job) -> list[str]:
    functions = [
        line
        for place, fields in enumerate(start_times(job), start=1)
        for line in _function(place, fields)
    ]
    return [
        f"# {title(job, 'modal')}",
        "import pathlib",
        "import shutil",
        "import subprocess",
        "",
        "import modal",
        "",
        'ROUND = r"""set -eu',
        *bring_in_and_run(job),
        '"""',
        'WORK, HOME, KEPT = "/root/numeri", "/tmp/numeri", pathlib.Path("/kept")',
        "",
        *_settings(),
        *_start(),
        *functions,
        "",
        "",
        "@app.local_entrypoint()",
        "def main() -> None:",
        "    start_1.remote()",
    ]


def _settings() -> list[str]:
    """The image, the volume and the names of the secrets that every start has."""
    return [
        'app = modal.App("numeri")',
        "image = (",
        '    modal.Image.debian_slim(python_version="3.12")',
        '    .apt_install("libgomp1")',
        f'    .add_local_dir("{FOLDER}", f"{{WORK}}/{FOLDER}", copy=True)',
        f'    .add_local_file("{DIGESTS}", f"{{WORK}}/{DIGESTS}", copy=True)',
        "    .run_commands(",
        f'        f"cd {{WORK}}/{FOLDER} && sha256sum --check --strict ../{DIGESTS}",',
        f'        f"pip install {{WORK}}/{FOLDER}/*.whl",',
        "    )",
        '    .add_local_file("numeri.toml", f"{WORK}/numeri.toml")',
        ")",
        'live = modal.Volume.from_name("numeri-live", create_if_missing=True)',
        "settings = {",
        '    "image": image,',
        f'    "secrets": [modal.Secret.from_name("numeri", required_keys={list(KEY_NAMES)!r})],',
        '    "volumes": {str(KEPT): live},',
        '    "cpu": 1.0,',
        '    "memory": 4096,',
        '    "timeout": 7200,',
        "}",
    ]


def _start() -> list[str]:
    """What a start does."""
    return [
        "",
        "",
        "def take_part() -> None:",
        '    """One start; the live file is kept for the next one, whatever became of this."""',
        '    datasets = pathlib.Path(HOME, "data", "datasets")',
        "    if (KEPT / datasets.name).is_dir():",
        "        shutil.copytree(KEPT / datasets.name, datasets, dirs_exist_ok=True)",
        "    try:",
        "        subprocess.run(",
        '            ["env", f"NUMERI_HOME={HOME}", "sh", "-c", ROUND], cwd=WORK, check=True',
        "        )",
        "    finally:",
        "        shutil.rmtree(KEPT / datasets.name, ignore_errors=True)",
        "        if datasets.is_dir():",
        "            shutil.copytree(datasets, KEPT / datasets.name)",
        "        live.commit()",
    ]


def _function(place: int, fields: str) -> list[str]:
    return [
        "",
        "",
        f'@app.function(schedule=modal.Cron("{fields}"), **settings)',
        f"def start_{place}() -> None:",
        "    take_part()",
    ]
