"""A run that waits takes its turn behind another one, and ends with what then holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numeri_cli.home import Home
from numeri_cli.locks import held_lock
from numeri_cli.practice.tournament import Tournament
from tests.support.closed_rounds import close_round
from tests.support.processes import await_words, fork
from tests.support.runner import Numeri


@contextmanager
def another_at_work(trained: Path) -> Iterator[None]:
    """Hold the lock that a run of this account holds."""
    tournament = Tournament.open(trained / "data" / "practice")
    public_id, _ = tournament.participant_keys()
    tournament.close()
    with held_lock(Home.find().lock("practice", public_id), what="a run"):
        yield


def test_it_waits_for_the_other_one_and_does_what_that_left(trained: Path) -> None:
    with another_at_work(trained):
        waiting = fork("numeri_cli", "run", "--wait", "1m", "--verbose")
        await_words(waiting, "waiting_for_run")
    said = waiting.ended()
    assert said.code == 0, said.err
    assert "accepted, on-time" in said.out


def test_where_the_other_one_was_done_as_the_round_closed_all_is_well(
    numeri: Numeri, trained: Path
) -> None:
    assert numeri("run").code == 0
    with another_at_work(trained):
        waiting = fork("numeri_cli", "run", "--wait", "2s", "--verbose")
        await_words(waiting, "waiting_for_run")
        close_round(trained)
    said = waiting.ended()
    assert said.code == 0, said.err
    assert "already accepted, on-time" in said.out


def test_where_the_round_closed_without_it_the_window_was_missed(
    numeri: Numeri, trained: Path
) -> None:
    with another_at_work(trained):
        waiting = fork("numeri_cli", "run", "--wait", "2s", "--verbose")
        await_words(waiting, "waiting_for_run")
        close_round(trained)
    assert waiting.ended().code == 6


def test_one_that_is_still_at_work_at_the_deadline_counts_by_what_is_in(
    numeri: Numeri, trained: Path
) -> None:
    with another_at_work(trained):
        said = numeri("run", "--wait", "1m", "--timeout", "4s", "--json")
        assert (said.code, said.problem["code"]) == (4, "run_overdue")
        assert "another run is still at work, and lighthouse not in round" in said.out
    assert numeri("run").code == 0
    with another_at_work(trained):
        said = numeri("run", "--wait", "1m", "--timeout", "4s", "--json")
    assert said.code == 0
    assert said.model["state"] == "already accepted"
