"""A clock that runs never goes back, however fast it is and whoever reads it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from numeri_cli.practice.clock import FASTEST, RunningClock
from numeri_cli.practice.server.server import listening
from numeri_cli.practice.tournament import Tournament

NOON = datetime(2026, 1, 3, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def test_it_runs_on_from_where_it_was_moved_and_who_read_an_older_state_changes_nothing() -> None:
    passed = [0.0]
    clock = RunningClock(60.0, seconds=lambda: passed[0])
    assert clock.read(NOON, moves=(0, 61)) == NOON
    passed[0] = 2.0
    assert clock.read(NOON, moves=(0, 61)) == NOON + timedelta(minutes=2)
    assert clock.read(NOON + WEEK, moves=(0, 62)) == NOON + WEEK
    passed[0] = 5.0
    clock.read(NOON, moves=(0, 61))
    assert clock.read(NOON + WEEK, moves=(0, 62)) == NOON + WEEK + timedelta(minutes=3)
    assert clock.read(NOON + 3 * WEEK, moves=(1, 64)) == NOON + 3 * WEEK


def test_as_a_client_sees_it_time_never_goes_back_nor_past_the_round(
    tournament: Tournament,
) -> None:
    first = tournament.status().round_number
    seen = []
    with listening(tournament, clock=f"running:{FASTEST:.0f}") as address, httpx.Client() as http:
        deadline = time.monotonic() + 120
        while tournament.status().round_number < first + 3:
            assert time.monotonic() < deadline
            before = tournament.status()
            seen.append(parsedate_to_datetime(http.get(address).headers["date"]))
            after = tournament.status()
            assert before.opens_at <= seen[-1] < after.opens_at + WEEK
            time.sleep(0.01)
    assert seen == sorted(seen)
    assert max(seen) <= tournament.now()
    assert Tournament.open(tournament.folders.root).now() == tournament.now()


def test_a_round_is_open_from_its_opening_however_long_it_took_to_make(
    tournament: Tournament,
) -> None:
    opens_at = tournament.status().opens_at + WEEK
    shown = []
    with tournament.running(FASTEST):
        while tournament.status().opens_at < opens_at:
            time.sleep(0.8)  # more than the week takes
            assert tournament.now() == opens_at - timedelta(seconds=1)
            tournament.tick()
        with tournament.store.reading() as connection:
            shown.append(connection.execute("SELECT clock FROM tournament").fetchone()[0])
    assert datetime.fromisoformat(shown[0]) == opens_at
