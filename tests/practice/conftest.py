"""A small tournament of one's own, and a client of its wire that knows only HTTP and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from numeri_cli.practice.tournament import Tournament
from tests.support.tournaments import fresh_tournament
from tests.support.wire import Wire
from tests.support.wire_answers import played_tournament


@pytest.fixture
def tournament(tmp_path: Path) -> Iterator[Tournament]:
    """A small tournament, its first round open, its clock standing."""
    made = fresh_tournament(tmp_path / "practice")
    yield made
    made.close()


@pytest.fixture
def wire(tournament: Tournament) -> Iterator[Wire]:
    """The tournament over WSGI, in this process, with the participant's keys."""
    with Wire.inside(tournament) as opened:
        yield opened


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Tournament]:
    """Some weeks with a staked submission in the first and a late one in the last but one."""
    made = played_tournament(tmp_path / "practice")
    yield made
    made.close()
