"""numeri doctor."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def doctor(
    call: Invocation,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the package index for a newer numeri, too.")
    ] = False,
) -> None:
    """Look for what is wrong here: keys, clock, disk, packages, schedule, last run, locks.

    Exit 0: nothing is; 1: something has to be mended; 4: something cannot be known.

    numeri doctor
    """
    from numeri_cli.commands.doctor.doctor import doctor
    from numeri_cli.output.text.doctor import diagnosis

    found = doctor(call.context, online=online)
    call.show(found, diagnosis, exit_code=found.exit_code, problems=found.troubles)
