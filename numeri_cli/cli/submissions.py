"""numeri submissions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.errors import ExitCode


def submissions(
    call: Invocation,
    models: Annotated[list[str] | None, typer.Argument(help="Your models; all by default.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of each model.")] = 10,
    download: Annotated[
        bool,
        typer.Option("--download", help="Bring back each model's newest, and compare it."),
    ] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the list into a CSV file, too.")
    ] = None,
) -> None:
    """Show what the server holds of your models.

    numeri submissions lighthouse --download
    """
    from numeri_cli.commands.submissions import submissions
    from numeri_cli.output.csv import write_csv
    from numeri_cli.output.text.submissions import CSV_COLUMNS, held_submissions

    found = submissions(call.context, models or (), limit=limit, download=download)
    if csv is not None:
        write_csv(csv, CSV_COLUMNS, found.rows)
    call.show(
        found,
        held_submissions,
        exit_code=ExitCode.refused if found.problems else ExitCode.done,
        problems=found.problems,
    )
