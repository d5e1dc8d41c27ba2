"""numeri leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def leaderboard(
    call: Invocation,
    top: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the best.")] = 20,
    accounts: Annotated[
        bool, typer.Option("--accounts", help="Accounts instead of models.")
    ] = False,
    of: Annotated[
        list[str] | None, typer.Option("--of", help="Show this one, too; may be repeated.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write what is shown into a CSV file, too.")
    ] = None,
) -> None:
    """Show the best models or accounts, and where you stand; needs no keys.

    numeri leaderboard --top 10
    """
    from numeri_cli.commands.leaderboard import leaderboard
    from numeri_cli.output.csv import write_csv
    from numeri_cli.output.text.leaderboard import CSV_COLUMNS, board

    found = leaderboard(call.context, top=top, of_accounts=accounts, of=of or ())
    if csv is not None:
        write_csv(csv, CSV_COLUMNS, found.rows)
    call.show(found, board)
