"""A practice round whose window is over."""

from __future__ import annotations

import time
from pathlib import Path

from numeri_cli.practice.tournament import Tournament


def close_round(home: Path) -> None:
    """Let the practice clock run until the window is over."""
    tournament = Tournament.open(home / "data" / "practice")
    closes = tournament.status().closes_at
    with tournament.running(200_000.0):
        while tournament.now() <= closes:
            time.sleep(0.01)
