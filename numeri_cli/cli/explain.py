"""numeri explain."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def explain(
    call: Invocation,
    word: Annotated[
        str | None, typer.Argument(help="A score or a word; all are shown by default.")
    ] = None,
) -> None:
    """Explain a score or a word of the tournament.

    numeri explain CORR
    """
    from numeri_cli.commands.explain import explain
    from numeri_cli.output.text.explain import explanations

    call.show(explain(word), explanations, paged=True)
