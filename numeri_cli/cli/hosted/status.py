"""numeri hosted status."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.errors import ExitCode


def status(
    call: Invocation,
    models: Annotated[
        list[str] | None, typer.Argument(help="Slots; by default all of the account.")
    ] = None,
) -> None:
    """Show what Numerai runs for each slot, how it went, and whether it is still what is paid.

    Ends with 1 where something that is assigned failed, was not validated within an hour, or does
    not run because of a webhook.

    numeri hosted status
    """
    from numeri_cli.commands.hosted.status import status
    from numeri_cli.output.text.hosted import hosted_status

    record = status(call.context, models or ())
    call.show(record, hosted_status, exit_code=ExitCode.done if record.sound else ExitCode.refused)
