"""numeri practice leaderboard."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def leaderboard(
    call: Invocation,
    top: Annotated[int, typer.Option(min=1, help="How many of the best beside yours.")] = 10,
    accounts: Annotated[
        bool, typer.Option("--accounts", help="Accounts, each with all its models.")
    ] = False,
    beside: Annotated[
        str | None, typer.Option("--with", help="Compare all with this model of yours.")
    ] = None,
) -> None:
    """Show who has done well over the past year, what it paid, and your models among them.

    numeri practice leaderboard
    """
    from numeri_cli.commands.practice.leaderboard import leaderboard
    from numeri_cli.output.text.practice_leaderboard import leaderboard as leaderboard_shown

    found = leaderboard(call.context, top=top, accounts=accounts, beside=beside)
    call.show(found, leaderboard_shown)
