"""numeri clean."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def clean(
    call: Invocation,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove predictions, artifacts, caches, logs and datasets that no round needs any more.

    numeri clean --dry-run
    """
    from numeri_cli.commands.clean import clean
    from numeri_cli.output.text.clean import cleaning

    call.show(clean(call.context, dry_run=dry_run), cleaning)
