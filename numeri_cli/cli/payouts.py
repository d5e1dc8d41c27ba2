"""numeri payouts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def payouts(
    call: Invocation,
    models: Annotated[list[str] | None, typer.Argument(help="Your models; all by default.")] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", help="Write settled payouts into a CSV file, as taxes want them."),
    ] = None,
) -> None:
    """Show what rounds paid, burned and may pay yet, checked against each round's formula.

    numeri payouts --csv taxes.csv
    """
    from numeri_cli.commands.payouts import payouts
    from numeri_cli.output.csv import write_csv
    from numeri_cli.output.text.payouts import CSV_COLUMNS, csv_rows, payout_report

    found = payouts(call.context, models or ())
    if csv is not None:
        write_csv(csv, CSV_COLUMNS, csv_rows(found))
    call.show(found, payout_report)
