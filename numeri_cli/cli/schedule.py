"""numeri schedule: the run from cron or systemd."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def _known(system: str | None) -> str | None:
    """The name of a scheduler. Raises BadParameter."""
    from numeri_cli.schedule.base import SCHEDULERS

    if system is not None and system not in SCHEDULERS:
        names = ", ".join(repr(name) for name in SCHEDULERS)
        raise typer.BadParameter(f"{system[:40]!r} is not one of {names}")
    return system


Daily = Annotated[
    bool, typer.Option("--daily/--weekly", help="Every round, or the weekend's only.")
]
System = Annotated[
    str | None,
    typer.Option(
        "--system",
        callback=_known,
        metavar="<cron|systemd>",
        help="cron or systemd; by default cron where it works.",
    ),
]
Shown = Annotated[
    str | None,
    typer.Option(
        "--system",
        callback=_known,
        metavar="NAME",
        help="cron, systemd, listen, github, gitlab, kaggle, container or modal.",
    ),
]


def show(call: Invocation, daily: Daily = False, system: Shown = None) -> None:
    """Show the line, units or files that fit the calendar, and whether they are installed.

    numeri schedule show --daily
    """
    from numeri_cli.commands import schedule
    from numeri_cli.output.text.schedule import schedule_status

    record = schedule.show(call.context, daily=daily, system=system)
    call.show(record, schedule_status)


def install(call: Invocation, daily: Daily = False, system: System = None) -> None:
    """Install the schedule; every other byte of the crontab stays as it is.

    numeri schedule install --daily
    """
    from numeri_cli.commands import schedule
    from numeri_cli.output.text.schedule import schedule_status

    record = schedule.install(call.context, daily=daily, system=system)
    call.show(record, schedule_status)


def remove(
    call: Invocation,
    system: Annotated[
        str | None,
        typer.Option(
            "--system",
            callback=_known,
            metavar="<cron|systemd>",
            help="cron or systemd; both by default.",
        ),
    ] = None,
) -> None:
    """Remove the schedule of this profile.

    numeri schedule remove
    """
    from numeri_cli.commands import schedule
    from numeri_cli.output.text.schedule import removed_schedules

    call.show(schedule.remove(call.context, system=system), removed_schedules)
