"""The ledger's scores: the newest day of each stands apart, whatever is told in which order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from numeri_cli.ledger import scores
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.migrations import APPLICATION_ID, MIGRATIONS
from numeri_cli.records import ModelHistory, ScoreRow
from tests.support.imports import import_graph

NOW = datetime(2026, 11, 29, tzinfo=UTC)
BEFORE_NEWEST = next(
    at for at, step in enumerate(MIGRATIONS) if any("TABLE newest_scores" in one for one in step)
)


def score(day: int, value: float, *, number: int = 70, name: str = "corr60") -> ScoreRow:
    return ScoreRow(
        round_number=number, display_name=name, version="3", day=day, value=value, percentile=0.5,
        date=NOW, resolved=day == 60, resolve_date=None, close_time=None,
    )  # fmt: skip


def keep(ledger: Ledger, *rows: ScoreRow) -> None:
    history = ModelHistory(scores=rows, performances=())
    scores.keep_history(ledger, "numerai", "m", history=history, newest_round=70, seen=NOW)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def test_a_day_that_is_told_later_does_not_hide_a_newer_one(ledger: Ledger) -> None:
    keep(ledger, score(9, 0.9), score(7, 0.7))
    keep(ledger, score(8, 0.8))
    [newest] = scores.newest_scores(ledger, "numerai", model_ids=["m"])
    assert (newest.day, newest.value) == (9, 0.9)
    keep(ledger, score(9, -0.9))  # the server has corrected it
    [newest] = scores.newest_scores(ledger, "numerai", model_ids=["m"])
    assert (newest.day, newest.value, newest.resolved) == (9, -0.9, False)


def test_rounds_and_kinds_are_told_without_their_rows(ledger: Ledger) -> None:
    keep(ledger, score(9, 0.1), score(60, 0.2, number=69), score(60, 0.3, number=69, name="mmc60"))
    assert scores.kinds(ledger, "numerai", "m") == (("corr60", "3"), ("mmc60", "3"))
    assert scores.scored_rounds(ledger, "numerai", "m") == {69, 70}
    assert scores.rounds_going_on(ledger, "numerai", "m") == {70}
    assert scores.final_values(ledger, "numerai", "m", kind=("corr60", "3")) == [(69, 0.2)]


def test_a_ledger_of_before_knows_the_newest_days_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as old:
        for step in MIGRATIONS[:BEFORE_NEWEST]:
            for statement in step:
                old.execute(statement)
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        old.execute(f"PRAGMA user_version = {BEFORE_NEWEST}")
        old.executemany(
            "INSERT INTO scores VALUES ('numerai', 'm', ?, 'corr60', '3', ?, ?, NULL, NULL, ?)",
            [(69, 59, 0.1, 0), (69, 60, 0.2, 1), (70, 17, 0.3, 0), (70, 3, 0.4, 0)],
        )
    old.close()
    with Ledger.open(path) as ledger:
        found = scores.newest_scores(ledger, "numerai", model_ids=["m"])
    assert [(one.round_number, one.day, one.value, one.resolved) for one in found] == [
        (70, 17, 0.3, False),
        (69, 60, 0.2, True),
    ]


def test_a_table_of_scores_waits_for_no_scipy() -> None:
    graph = import_graph(lazy=False)

    def reached(start: str) -> set[str]:
        found, ahead = set[str](), [start]
        while ahead:
            if (here := ahead.pop()) not in found:
                found.add(here)
                ahead += graph.get(here, ())
        return found

    brings_scipy = {"numeri_cli.scoring.ranks", "numeri_cli.scoring.neutral"}
    assert brings_scipy <= reached("numeri_cli.commands.validate.scores")
    assert not brings_scipy & reached("numeri_cli.commands.scores")
    assert not brings_scipy & reached("numeri_cli.output.text.scores")
