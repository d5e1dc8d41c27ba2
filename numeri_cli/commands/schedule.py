"""numeri schedule: the run, started by cron or systemd or whatever stands in SCHEDULERS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.credentials import stored_hosts
from numeri_cli.errors import ProfileMissing
from numeri_cli.schedule import base
from numeri_cli.schedule.job import InstalledSchedule, Schedule, ScheduleStatus

_PRACTICE_STANDS_STILL = (
    "the clock of practice stands still: after the first run there is nothing to do until"
    " `numeri practice advance`"
)


def show(context: Context, *, daily: bool, system: str | None) -> ScheduleStatus:
    """The lines or units that fit the calendar, and whether they are installed.

    system: the name of a scheduler; None for the one that suits this machine
    Raises ProfileMissing, ProfileInvalid, ScheduleError.
    """
    planned = _planned(context, daily=daily, system=system)
    return base.SCHEDULERS[planned.system].show(planned)


def install(context: Context, *, daily: bool, system: str | None) -> ScheduleStatus:
    """Put the schedule in force; the run must find its keys in a file.

    system: the name of a scheduler; None for the one that suits this machine
    Raises ProfileMissing, ProfileInvalid, KeysMissing, ScheduleError, DiskError.
    """
    planned = _planned(context, daily=daily, system=system)
    endpoint = context.endpoint
    stored = endpoint.is_practice or endpoint.host in stored_hosts(context.home.credentials)
    return base.install(planned, base.SCHEDULERS[planned.system], keys_stored=stored)


def remove(context: Context, *, system: str | None) -> tuple[InstalledSchedule, ...]:
    """Take the profile's schedule out of a scheduler, or of all; what was removed.

    A profile that is named may be gone: its schedule is still there.
    Raises ProfileMissing, ScheduleError, DiskError.
    """
    chosen = [base.SCHEDULERS[system]] if system else None
    profile = context.asked_profile or context.profile_path
    if profile is None:
        raise ProfileMissing(
            "a schedule belongs to a profile, and there is none here",
            hint="name it: `numeri schedule remove --profile FILE`, even where the file is gone;"
            " a comment beside the lines in `crontab -l` says which one",
        )
    return base.remove(profile, schedulers=chosen)


def _profile(context: Context) -> Path:
    if context.profile_path is None:
        raise ProfileMissing(
            "a schedule needs a profile, and there is none",
            hint="`numeri init` writes one in the current directory",
        )
    return context.profile_path


def _planned(context: Context, *, daily: bool, system: str | None) -> Schedule:
    profile = _profile(context)
    context.require_profile()
    scheduler, reason = (base.SCHEDULERS[system], "") if system else base.choose(profile)
    planned = base.plan(
        "daily" if daily else "weekly",
        scheduler,
        profile=profile,
        log=context.home.log / "run.log",
        tournament=context.asked_tournament,
        chosen_because=reason,
    )
    if not context.endpoint.is_practice:
        return planned
    return replace(planned, explanation=(*planned.explanation, _PRACTICE_STANDS_STILL))
