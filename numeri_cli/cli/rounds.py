"""numeri rounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def rounds(
    call: Invocation,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many rounds.")] = 10,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write how models did into a CSV file, too.")
    ] = None,
) -> None:
    """Show the rounds this machine has seen, what it submitted and how that did.

    Reads the ledger alone; `numeri scores` brings what is new.

    numeri rounds --limit 5
    """
    from numeri_cli.commands.rounds import rounds
    from numeri_cli.output.csv import write_csv
    from numeri_cli.output.text.rounds import csv_columns, seen_rounds

    found = rounds(call.context, limit=limit)
    if csv is not None:
        write_csv(csv, csv_columns(found), found.rows)
    call.show(found, seen_rounds)
