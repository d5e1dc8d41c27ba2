"""numeri guide."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def guide(
    call: Invocation,
    topic: Annotated[
        str | None, typer.Argument(help="A page, or a word of its name; by default all are listed.")
    ] = None,
) -> None:
    """Show a page of the guide, or which pages there are.

    numeri guide security
    """
    from numeri_cli.commands.guide import guide
    from numeri_cli.output.text.guide import guide_pages

    call.show(guide(topic), guide_pages, paged=True)
