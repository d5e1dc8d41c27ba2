"""numeri practice leaderboard: who has done well over the past year."""

from __future__ import annotations

from typing import Literal

from numeri_cli.commands.context import Context
from numeri_cli.errors import UsageProblem
from numeri_cli.practice.results.leaderboard import Leaderboard
from numeri_cli.practice.results.leaderboard import leaderboard as leaderboard_of


def leaderboard(
    context: Context, *, top: int, accounts: bool, beside: str | None = None
) -> Leaderboard:
    """The best so many models, or accounts, and the participant's own.

    beside: a model of one's own with which all others are compared
    Raises PracticeMissing, ModelUnknown, UsageProblem.
    """
    if accounts and beside is not None:
        raise UsageProblem(
            "--with compares models, and accounts have several", hint="leave --accounts out"
        )
    of: Literal["accounts", "models"] = "accounts" if accounts else "models"
    return leaderboard_of(context.practice, of=of, top=top, beside=beside)
