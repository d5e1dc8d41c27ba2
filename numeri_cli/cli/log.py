"""numeri log."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.signals import attended
from numeri_cli.errors import UsageProblem


def log(
    call: Invocation,
    run: Annotated[
        str | None, typer.Option("--run", help="One run, by its name, with all its lines.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Show lines as they are written, until Ctrl-C.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="How many runs; 20 by default.")
    ] = None,
) -> None:
    """Show what commands did on this machine and how each ended, the newest first.

    numeri log --limit 5
    """
    from numeri_cli.commands.log import follow as new_lines
    from numeri_cli.commands.log import log as logged
    from numeri_cli.output.text.log import line_text, log_view

    if limit is not None and (run is not None or follow):
        raise UsageProblem("--limit is for the list of runs", hint="leave it out")
    if not follow:
        call.show(logged(call.context, run=run, limit=limit or 20), log_view)
        return
    if call.screen.as_json:
        raise UsageProblem("--follow never ends, and --json is one object", hint="leave one out")
    with attended():
        for line in new_lines(call.context, run=run):
            if not call.screen.announce(f"{line_text(line, with_run=run is None)}\n"):
                return
