"""numeri scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def scores(
    call: Invocation,
    models: Annotated[list[str] | None, typer.Argument(help="Your models; all by default.")] = None,
    of: Annotated[
        str | None, typer.Option("--of", help="Somebody's model instead; needs no keys.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write every score into a CSV file, too.")
    ] = None,
) -> None:
    """Show how your models did: open rounds so far, resolved ones, the mean of a year.

    numeri scores lighthouse
    """
    from numeri_cli.commands.scores import scores
    from numeri_cli.output.csv import write_csv
    from numeri_cli.output.text.scores import CSV_COLUMNS, score_report

    found = scores(call.context, models or (), of=of)
    if csv is not None:
        write_csv(csv, CSV_COLUMNS, found.rows)
    call.show(found, score_report, whole_lines=True)
