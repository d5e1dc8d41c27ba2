"""numeri diagnostics: the server's own validation beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def diagnostics(
    call: Invocation,
    file: Annotated[Path, typer.Argument(help="A file of validation predictions.")],
    model: Annotated[
        str | None, typer.Option("--model", help="The account's model it is put down to.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Scored on here; by default the data's main target.")
    ] = None,
    benchmark: Annotated[
        str | None, typer.Option(help="The benchmark column for BMC here.")
    ] = None,
) -> None:
    """Have the server score validation predictions, and show its figures beside the local ones.

    numeri diagnostics mine.parquet --model lighthouse
    """
    from numeri_cli.commands.diagnostics.diagnostics import diagnostics as diagnostics_command
    from numeri_cli.output.text.diagnostics import diagnostics as diagnostics_shown

    record = diagnostics_command(
        call.context, file, model=model, target=target, benchmark=benchmark
    )
    call.show(record, diagnostics_shown)
