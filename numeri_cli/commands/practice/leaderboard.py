"""numeri practice leaderboard: who has done well over the past year."""

from __future__ import annotations

from numeri_cli.commands.context import Context
from numeri_cli.practice.results.leaderboard import Leaderboard
from numeri_cli.practice.results.leaderboard import leaderboard as leaderboard_of


def leaderboard(context: Context, *, top: int, accounts: bool) -> Leaderboard:
    """The best so many models, or accounts, and the participant's own. Raises PracticeMissing."""
    return leaderboard_of(context.practice, of="accounts" if accounts else "models", top=top)
