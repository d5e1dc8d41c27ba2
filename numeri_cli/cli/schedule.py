"""numeri schedule: the run from cron or systemd."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.options import command
from numeri_cli.errors import ProfileMissing

if TYPE_CHECKING:
    from numeri_cli.cli.session import Session
    from numeri_cli.schedule.job import Schedule

app = typer.Typer(
    name="schedule",
    help="Let cron or systemd start `numeri run` when rounds open.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


class SystemName(StrEnum):
    """What starts jobs."""

    cron = "cron"
    systemd = "systemd"


Daily = Annotated[
    bool, typer.Option("--daily/--weekly", help="Every round, or the weekend's only.")
]
SystemOption = Annotated[SystemName, typer.Option("--system", help="cron or systemd.")]


@command(app)
def show(session: Session, daily: Daily = False, system: SystemOption = SystemName.cron) -> None:
    """Show the line or units that fit the calendar, and whether they are installed.

    numeri schedule show --daily
    """
    from numeri_cli.output.text import tables
    from numeri_cli.schedule.base import SCHEDULERS

    planned = _planned(session, daily=daily, system=system)
    session.screen.show(SCHEDULERS[planned.system].show(planned), tables.schedule)


@command(app)
def install(session: Session, daily: Daily = False, system: SystemOption = SystemName.cron) -> None:
    """Install the schedule; every other byte of the crontab stays as it is.

    numeri schedule install --daily
    """
    from numeri_cli.credentials import stored_hosts
    from numeri_cli.output.text import tables
    from numeri_cli.schedule import base

    planned = _planned(session, daily=daily, system=system)
    stored = session.context.endpoint.is_practice or session.context.endpoint.host in stored_hosts(
        session.context.home.credentials
    )
    done = base.install(planned, base.SCHEDULERS[planned.system], keys_stored=stored)
    session.screen.show(done, tables.schedule)


@command(app)
def remove(
    session: Session,
    system: Annotated[
        SystemName | None, typer.Option("--system", help="cron or systemd; both by default.")
    ] = None,
) -> None:
    """Remove the schedule of this profile.

    numeri schedule remove
    """
    from numeri_cli.output.text import tables
    from numeri_cli.schedule import base

    chosen = [base.SCHEDULERS[system.value]] if system else None
    removed = base.remove(_profile(session), schedulers=chosen)
    session.screen.show(removed, tables.unscheduled)


def _profile(session: Session) -> Path:
    if session.context.profile_path is None:
        raise ProfileMissing(
            "a schedule needs a profile, and there is none",
            hint="`numeri init` writes one in the current directory",
        )
    return session.context.profile_path


def _planned(session: Session, *, daily: bool, system: SystemName) -> Schedule:
    from numeri_cli.schedule.base import SCHEDULERS, plan

    profile = _profile(session)
    session.context.require_profile()
    return plan(
        "daily" if daily else "weekly",
        SCHEDULERS[system.value],
        profile=profile,
        log=session.context.home.log / "run.log",
        tournament=session.context.asked_tournament,
    )
