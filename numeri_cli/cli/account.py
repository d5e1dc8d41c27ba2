"""numeri account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def account(
    call: Invocation,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the models into a CSV file, too.")
    ] = None,
) -> None:
    """Show the account: models, what is staked and at risk, balance, ranks and returns.

    numeri account
    """
    from numeri_cli.commands.account import account
    from numeri_cli.output.csv import write_csv
    from numeri_cli.output.text.account import CSV_COLUMNS, account_report

    found = account(call.context)
    if csv is not None:
        write_csv(csv, CSV_COLUMNS, found.models)
    call.show(found, account_report)
