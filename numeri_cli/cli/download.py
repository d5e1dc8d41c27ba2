"""numeri download."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def download(
    call: Invocation,
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Such as live or train.parquet; the usual ones by default."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Even what did not change.")] = False,
) -> None:
    """Download data, verified and resumed; what did not change is left.

    numeri download live validation
    """
    from numeri_cli.commands.download import download
    from numeri_cli.output.text.download import downloaded

    call.show(download(call.context, files or (), force=force), downloaded)
