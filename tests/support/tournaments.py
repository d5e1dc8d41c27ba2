"""A small practice tournament for tests: made once a machine, copied for who wants one."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from numeri_cli.practice.database.database import moment_text
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.tournament import Tournament
from tests.support.shelf import shelved

SETTINGS = WorldSettings(seed=1, stocks=150, eras=60, features=24, rivals=12)
MADE_OF = ("practice", "scoring")


def template(*, settings: WorldSettings = SETTINGS, start: datetime | None = None) -> Path:
    """The folder of a tournament nobody may change; several processes may ask at once."""

    def make(root: Path) -> None:
        Tournament.create(root, settings, start=start).close()

    return shelved(f"tournament {settings} {start}", make, rooms=MADE_OF)


def fresh_tournament(
    root: Path, *, settings: WorldSettings = SETTINGS, start: datetime | None = None
) -> Tournament:
    """A tournament of one's own at `root`, as new."""
    root.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(template(settings=settings, start=start), root)
    return Tournament.open(root)


def let_the_window_pass(tournament: Tournament) -> None:
    """Set the clock to an hour after the end of the live round's window."""
    set_clock(tournament, tournament.status().closes_at - tournament.now() + timedelta(hours=1))


def set_clock(tournament: Tournament, later: timedelta) -> None:
    """Set the clock on by so much, without anything else that an advance does."""
    with tournament.store.writing() as connection:
        moment = moment_text(tournament.now() + later)
        connection.execute("UPDATE tournament SET clock = ?", (moment,))
