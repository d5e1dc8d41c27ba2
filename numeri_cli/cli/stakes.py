"""numeri stakes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def stakes(
    call: Invocation,
    models: Annotated[list[str] | None, typer.Argument(help="Your models; all by default.")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write every round into a CSV file, too.")
    ] = None,
) -> None:
    """Show where each stake is: at risk in which round, pending, settled, burned.

    numeri stakes lighthouse
    """
    from numeri_cli.commands.stakes import stakes
    from numeri_cli.output.csv import write_csv
    from numeri_cli.output.text.stakes import CSV_COLUMNS, stake_report

    found = stakes(call.context, models or ())
    if csv is not None:
        write_csv(csv, CSV_COLUMNS, found.rows)
    call.show(found, stake_report)
