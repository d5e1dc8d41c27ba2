"""Whether a schedule is installed as it would be now, finds its keys, and when it fires next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine, mend
from numeri_cli.credentials import stored_hosts
from numeri_cli.errors import NumeriError
from numeri_cli.schedule.base import SCHEDULERS, Installer, Scheduler, identify, plan
from numeri_cli.schedule.calendar import Cadence, preceding
from numeri_cli.schedule.job import InstalledSchedule, Schedule, ScheduleStatus

name = "schedule"
own_errors: tuple[type[NumeriError], ...] = ()
LATEST_START = timedelta(minutes=10)  # a busy machine's cron may be so late
SOONER = timedelta(minutes=1)  # a log tells when a run began, whose clock may be set meanwhile


def look(examination: Examination) -> Iterator[Finding]:
    """Every scheduler that can be asked is asked for this profile."""
    context = examination.context
    profile = context.profile_path
    if profile is None or context.endpoint.is_practice:
        yield fine(name, "none is needed here")
        return
    identity = identify(profile)
    found = [
        (scheduler, held)
        for scheduler in SCHEDULERS.values()
        if isinstance(scheduler, Installer) and (held := scheduler.installed(identity))
    ]
    if not found:
        yield mend(
            name,
            "schedule_missing",
            f"nothing starts `numeri run` for {profile}",
            hint="`numeri schedule install`",
        )
    for scheduler, held in found:
        yield from _of_installed(examination, scheduler, held)


def _of_installed(
    examination: Examination, scheduler: Scheduler, held: InstalledSchedule
) -> Iterator[Finding]:
    endpoint, home = examination.context.endpoint, examination.context.home
    status = _status(examination, scheduler, held)
    cadence = status.schedule.cadence
    cure = f"`numeri schedule install --{cadence} --system {held.system}`"
    if endpoint.host not in stored_hosts(home.credentials):
        yield mend(
            name,
            "schedule_without_keys",
            f"the keys are in this shell alone, which {held.system} does not see",
            hint="`numeri login` stores them",
        )
    if status.state != "current":
        yield mend(
            name,
            "schedule_outdated",
            f"what stands in {held.where} is not what would be installed now",
            hint=cure,
        )
        return
    if (silent := _silence(examination, status.schedule)) is not None:
        yield silent
        return
    next_firing = status.schedule.next_firing
    yield fine(name, f"{cadence}, by {held.system}; fires next {next_firing:%a %d %b %H:%M} UTC")


def _silence(examination: Examination, schedule: Schedule) -> Finding | None:
    """That no run began when the schedule was to fire last, since it was installed."""
    due = preceding(schedule.moments, before=examination.now - LATEST_START)
    profile = str(examination.context.profile_path)
    began = [
        one.began
        for one in examination.commands
        if one.command == "run" and ("--profile" not in one.typed or profile in one.typed)
    ]
    installed = [
        one.began
        for one in examination.commands
        if one.command == "schedule install" and one.exit_code == 0
    ]
    known = [*began, *installed] or [one.began for one in examination.commands[:1]]
    if not known or max(known) >= due - SOONER:
        return None
    last = f"the last run began {max(began):%a %d %b %H:%M} UTC" if began else "none is known"
    return mend(
        name,
        "schedule_silent",
        f"{schedule.system} was to start a run {due:%a %d %b %H:%M} UTC and none began: {last}",
        hint=f"`numeri run` makes up for it; was this machine on then, is {schedule.system} at"
        " work, and may it work while you are logged out (`loginctl enable-linger`)?",
    )


def _status(
    examination: Examination, scheduler: Scheduler, held: InstalledSchedule
) -> ScheduleStatus:
    """What is installed beside what the same words would install now."""
    context = examination.context
    named = re.search(r"--tournament[ \"]+([^\s\"']+)", held.text)
    cadence: Cadence = "daily" if re.search(r"^# numeri, daily,", held.text, re.M) else "weekly"
    assert context.profile_path is not None  # noqa: S101 - `look` has returned without one
    planned = plan(
        cadence,
        scheduler,
        profile=context.profile_path,
        log=context.home.log / "run.log",
        tournament=named[1] if named else None,
    )
    return scheduler.show(planned)
