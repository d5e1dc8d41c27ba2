"""numeri practice serve."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.signals import attended


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
) -> None:
    """Serve the practice tournament on 127.0.0.1, for other programs, until Ctrl-C.

    numeri practice serve --port 8000
    """
    from numeri_cli.commands.practice.serve import serve

    with attended(), suppress(KeyboardInterrupt):  # which is how it ends, and no error
        serve(
            call.context,
            port=port,
            clock=clock,
            rate_limits=rate_limits,
            announce=call.screen.announce,
        )
