"""numeri diagnostics: the server's own validation beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.options import command

if TYPE_CHECKING:
    from numeri_cli.cli.session import Session


def add_to(app: typer.Typer) -> None:
    """Register the command of this room."""
    command(app)(diagnostics)


def diagnostics(
    session: Session,
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
    from numeri_cli.commands.diagnostics_file import diagnose_file
    from numeri_cli.output.text import diagnostics as diagnosing

    session.context.require_profile()
    session.context.make_practice()
    session.context.require_keys()
    done = diagnose_file(session.context, file, model=model, target=target, benchmark=benchmark)
    session.screen.show(
        diagnosing.view_of(done, file=str(file), model=model), diagnosing.diagnostics
    )
