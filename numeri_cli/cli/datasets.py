"""numeri datasets."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def datasets(
    call: Invocation,
    every: Annotated[
        bool, typer.Option("--all", help="Other data versions too, not the profile's alone.")
    ] = False,
) -> None:
    """List what can be downloaded, what is here, how big and how fresh; and binned data.

    numeri datasets
    """
    from numeri_cli.commands.datasets import datasets
    from numeri_cli.output.text import datasets as text

    call.show(datasets(call.context, every=every), text.datasets)
