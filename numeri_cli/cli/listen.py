"""numeri listen."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.run import seconds_of
from numeri_cli.cli.signals import attended
from numeri_cli.schedule.listen import PORT

_STANDARD_ERROR = 2


def listen(
    call: Invocation,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = PORT,
    host: Annotated[
        str, typer.Option("--host", help="The address of this machine to listen on.")
    ] = "127.0.0.1",
    wait: Annotated[
        str, typer.Option("--wait", help="How long each run waits for its round, such as 50m.")
    ] = "50m",
) -> None:
    """Start `numeri run` whenever the webhook of a round calls, until Ctrl-C.

    numeri listen --port 8017
    """
    from numeri_cli.commands.listen.listen import listen

    record = call.output.descriptor
    with attended(), suppress(KeyboardInterrupt):  # which is how it ends, and no error
        listen(
            call.context,
            host=host,
            port=port,
            wait_seconds=seconds_of(wait),
            output=_STANDARD_ERROR if call.screen.as_json or record is None else record,
            shows_path=call.output.stream.isatty() and not call.screen.as_json,
            announce=call.screen.announce,
        )
