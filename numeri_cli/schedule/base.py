"""Scheduler: what starts `numeri run` by itself; the list of them, and what they have in common.

A new scheduler is a folder here, called as it is, and its line in _ALL.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Protocol, runtime_checkable

from numeri_cli.errors import KeysMissing, ScheduleError
from numeri_cli.files import disk_errors, expanded
from numeri_cli.schedule.calendar import Cadence, following, rhythm
from numeri_cli.schedule.command import (
    ScheduledCommand,
    installed_program,
    run_command,
    withheld_variables,
)
from numeri_cli.schedule.container.scheduler import ContainerScheduler
from numeri_cli.schedule.cron.scheduler import CronScheduler
from numeri_cli.schedule.github.scheduler import GithubScheduler
from numeri_cli.schedule.gitlab.scheduler import GitlabScheduler
from numeri_cli.schedule.hosted_start import DIGESTS
from numeri_cli.schedule.job import InstalledSchedule, Job, Layout, Schedule, ScheduleStatus
from numeri_cli.schedule.kaggle.scheduler import KaggleScheduler
from numeri_cli.schedule.listen.scheduler import ListenService
from numeri_cli.schedule.modal.scheduler import ModalScheduler
from numeri_cli.schedule.systemd.scheduler import SystemdScheduler
from numeri_cli.schedule.zones import machine_zones


class Scheduler(Protocol):
    """Something that starts commands at times; it can at least say what to give it."""

    @property
    def name(self) -> str:
        """What `--system` calls it."""
        ...

    def lay_out(self, job: Job) -> Layout:
        """The lines or files that start this job. Raises ScheduleError where it cannot hold it."""
        ...

    def show(self, schedule: Schedule) -> ScheduleStatus:
        """Whether the schedule is installed; absent too where the scheduler itself is.

        Raises ScheduleError where what is there cannot be read.
        """
        ...


@runtime_checkable
class Installer(Protocol):
    """A scheduler that can be written to from here. All its errors leave everything as it was."""

    def trouble(self) -> str | None:
        """Why nothing can be installed in it on this machine; None where it seems to work."""
        ...

    def install(self, schedule: Schedule) -> ScheduleStatus:
        """Put a schedule in force, or bring the installed one up to date.

        Raises ScheduleError, DiskFull, PathForbidden, DiskTrouble.
        """
        ...

    def installed(self, identity: str) -> InstalledSchedule | None:
        """What is installed under this identity; None too where the scheduler itself is absent.

        Raises ScheduleError, PathForbidden, DiskTrouble where it cannot be read.
        """
        ...

    def remove(self, identity: str) -> None:
        """Take it out again. Raises ScheduleError, PathForbidden, DiskTrouble."""
        ...


_ALL: tuple[Scheduler, ...] = (
    CronScheduler(),
    SystemdScheduler(),
    ListenService(),
    GithubScheduler(),
    GitlabScheduler(),
    KaggleScheduler(),
    ContainerScheduler(),
    ModalScheduler(),
)
SCHEDULERS: dict[str, Scheduler] = {scheduler.name: scheduler for scheduler in _ALL}


def choose(
    profile: Path,
    *,
    schedulers: Iterable[Scheduler] | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Scheduler, str]:
    """The scheduler to use where none was named, and a sentence that says why.

    It is the one that holds the profile's schedule already, else the first that works, else the
    first. Raises ScheduleError, PathForbidden, DiskTrouble where what is installed is unreadable.
    """
    listed = SCHEDULERS.values() if schedulers is None else schedulers
    all_of_them = [scheduler for scheduler in listed if isinstance(scheduler, Installer)]
    identity = identify(profile, environment=environment)
    troubles = [scheduler.trouble() for scheduler in all_of_them]
    working = [one for one, trouble in zip(all_of_them, troubles, strict=True) if trouble is None]
    for scheduler in working:
        if scheduler.installed(identity) is not None:
            return scheduler, f"{scheduler.name} was chosen, which holds this schedule already"
    against = "; ".join(trouble for trouble in troubles if trouble)
    chosen = (working or all_of_them)[0]
    if working and chosen is all_of_them[0]:
        return chosen, f"{chosen.name} was chosen, which works on this machine"
    return chosen, f"{chosen.name} was chosen: {against}"


def plan(
    cadence: Cadence,
    scheduler: Scheduler,
    *,
    profile: Path,
    log: Path,
    tournament: str | None = None,
    wait: timedelta | None = None,
    program: tuple[str, ...] | None = None,
    environment: Mapping[str, str] | None = None,
    zones: Sequence[tzinfo] | None = None,
    now: datetime | None = None,
    chosen_because: str = "",
) -> Schedule:
    """Lay out a schedule; nothing is read but the machine's zone and a release's digests.

    tournament: where it was named on the command line; program: absolute, then its arguments
    environment: whose NUMERI_HOME, XDG_…, proxies and such the command takes along
    zones: whose clock cron may go by; wait, program, environment, zones, now: by default what
    suits the cadence, this installation, process, machine and moment
    chosen_because: why this scheduler, where nobody named it
    Raises ScheduleError for paths and addresses that a schedule cannot or must not hold.
    """
    variables = os.environ if environment is None else environment
    times = rhythm(cadence)
    command = run_command(
        profile=profile,
        tournament=tournament,
        wait=times.wait if wait is None else wait,
        log=log,
        program=program or installed_program(),
        environment=variables,
    )
    job = Job(
        identity=identify(profile, environment=variables),
        note=f"numeri, {cadence}, {profile.absolute()}: made by `numeri schedule install`",
        cadence=cadence,
        tournament=tournament,
        wait=times.wait if wait is None else wait,
        command=command,
        release=_release(profile),
        moments=times.moments,
        zones=tuple(machine_zones(variables) if zones is None else zones),
        start=now or datetime.now(UTC),
    )
    layout = scheduler.lay_out(job)
    moments = job.moments if layout.moments is None else layout.moments
    return Schedule(
        cadence=cadence,
        system=scheduler.name,
        identity=job.identity,
        moments=moments,
        next_firing=following(moments, after=job.start) if moments else None,
        lines=layout.lines,
        units=layout.files,
        log=command.log,
        explanation=(
            *((times.reason,) if moments else ()),
            layout.advice,
            *layout.notes,
            *(() if layout.elsewhere else _about_this_machine(command, variables)),
            *((chosen_because,) if chosen_because else ()),
        ),
    )


def _release(profile: Path) -> str:
    """The list of digests beside the profile; empty where there is none that can be read."""
    try:
        text = profile.with_name(DIGESTS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    found = re.findall(r"^[0-9a-f]{64} [ *][\w.+-]+$", text, re.MULTILINE)
    return "\n".join(found)


def _about_this_machine(command: ScheduledCommand, variables: Mapping[str, str]) -> tuple[str, ...]:
    return (
        *(
            f"{name} holds a password and is left out: cron and systemd need it another way"
            for name in withheld_variables(variables)
        ),
        f"output is added to {command.log}",
    )


def identify(profile: Path, *, environment: Mapping[str, str] | None = None) -> str:
    """The name that a profile's schedule has on this machine: 8 hex digits."""
    variables = os.environ if environment is None else environment
    home = variables.get("NUMERI_HOME", "")
    place = str(expanded(Path(home))) if home else ""
    name = os.fsencode(f"{profile.absolute()}\0{place}")
    return hashlib.sha256(name).hexdigest()[:8]


def install(schedule: Schedule, scheduler: Scheduler, *, keys_stored: bool) -> ScheduleStatus:
    """Put a schedule in force, or bring the installed one up to date.

    keys_stored: whether the keys stand in a file, so that the scheduled run finds them
    Raises KeysMissing, ScheduleError, DiskFull, PathForbidden, DiskTrouble; then nothing is
    changed.
    """
    if not isinstance(scheduler, Installer):
        raise ScheduleError(
            f"numeri cannot install a schedule in {scheduler.name}",
            hint=f"`numeri schedule show --system {scheduler.name}` prints what to paste there",
        )
    if not keys_stored:
        raise KeysMissing(
            f"the keys are at most in the environment of this shell, which {scheduler.name}"
            " does not see",
            hint="store them with `numeri login`, then run the same command again",
        )
    with disk_errors(schedule.log.parent):
        schedule.log.parent.mkdir(parents=True, exist_ok=True)
    return scheduler.install(schedule)


def remove(
    profile: Path,
    *,
    schedulers: Iterable[Scheduler] | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[InstalledSchedule, ...]:
    """Take a profile's schedule out of these schedulers, or out of all; what was removed.

    Raises ScheduleError, PathForbidden, DiskTrouble.
    """
    identity = identify(profile, environment=environment)
    chosen = SCHEDULERS.values() if schedulers is None else schedulers
    found = [
        (scheduler, scheduler.installed(identity))
        for scheduler in chosen
        if isinstance(scheduler, Installer)
    ]
    removed = []
    for scheduler, held in found:
        if held is not None:
            scheduler.remove(identity)
            removed.append(held)
    return tuple(removed)
