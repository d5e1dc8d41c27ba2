"""numeri rounds."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def rounds(
    call: Invocation,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many rounds.")] = 10,
) -> None:
    """Show the rounds this machine has seen and what it submitted; reads the ledger alone.

    numeri rounds --limit 5
    """
    from numeri_cli.commands.rounds import rounds
    from numeri_cli.output.text.rounds import seen_rounds

    call.show(rounds(call.context, limit=limit), seen_rounds)
