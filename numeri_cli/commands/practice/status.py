"""numeri practice status: the clock, the round and the participant's models."""

from __future__ import annotations

from numeri_cli.commands.context import Context
from numeri_cli.practice.tournament import PracticeStatus


def status(context: Context) -> PracticeStatus:
    """Where the practice tournament stands. Raises PracticeMissing, PracticeDamaged."""
    return context.practice.status()
