"""numeri practice serve."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.signals import attended
from numeri_cli.errors import UsageProblem


def serve(
    call: Invocation,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    clock: Annotated[
        str, typer.Option(help="standing, running, or running:60 for a minute each second.")
    ] = "standing",
    rate_limits: Annotated[
        bool,
        typer.Option("--rate-limits", help="Refuse questions above the real API's limits."),
    ] = False,
    run_hosted: Annotated[
        bool,
        typer.Option("--run-hosted", help="Run uploaded models here, in a sandbox."),
    ] = False,
    bare: Annotated[
        bool, typer.Option("--bare", help="With --run-hosted: with this machine's packages.")
    ] = False,
) -> None:
    """Serve the practice tournament on 127.0.0.1, for other programs, until Ctrl-C.

    numeri practice serve --port 8000
    """
    from numeri_cli.commands.practice.serve import serve

    if bare and not run_hosted:
        raise UsageProblem("--bare says nothing without --run-hosted", hint="add --run-hosted")
    with attended(), suppress(KeyboardInterrupt):  # which is how it ends, and no error
        serve(
            call.context,
            port=port,
            clock=clock,
            rate_limits=rate_limits,
            run_hosted=run_hosted,
            bare=bare,
            announce=call.screen.announce,
        )
