"""numeri status."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.errors import UsageProblem


def status(
    call: Invocation,
    within: Annotated[
        int | None,
        typer.Option(min=1, max=10_080, help="As a watchdog: minutes before the deadline."),
    ] = None,
    daily: Annotated[
        bool | None,
        typer.Option(
            "--daily/--weekly",
            help="Whose rounds the watchdog looks at; by default the schedule's.",
        ),
    ] = None,
    notify: Annotated[
        bool, typer.Option("--notify", help="The watchdog tells whom [notify] names.")
    ] = False,
) -> None:
    """Show where every model stands in the newest round; exit 0 only if all are accepted.

    Exit 1: one is not; 4: the server cannot be asked. With --within, 0 as well where no deadline
    is near, and offline where the ledger has every proof.

    numeri status
    """
    from numeri_cli.commands.notify import tell_deadline
    from numeri_cli.commands.status import status
    from numeri_cli.output.text.status import round_standing

    if within is None:
        for given, option in ((daily is not None, "--daily and --weekly"), (notify, "--notify")):
            if given:
                raise UsageProblem(
                    f"{option} is for a watchdog", hint="give --within and minutes, too"
                )
    if notify:
        call.tell = tell_deadline
    found = status(
        call.context,
        within_minutes=within,
        cadence=None if daily is None else "daily" if daily else "weekly",
        will_notify=notify,
    )
    problems = (found.problem,) if found.problem and found.exit_code else ()
    call.show(found, round_standing, exit_code=found.exit_code, problems=problems)
