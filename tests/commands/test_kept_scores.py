"""The one mean that a table of many models shows is the one that `means` tells with its error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from numeri_cli.commands.kept_scores import KeptScores, longest_mean, means_of
from numeri_cli.commands.score_means import YearOfRounds
from numeri_cli.ledger import scores
from numeri_cli.ledger.accounts import KnownModel
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.scores import KnownRules
from numeri_cli.records import ModelHistory, ScoreConfig, ScoreRow

NOW = datetime(2026, 11, 29, tzinfo=UTC)
NEWEST = 1400
CORR = ("corr60", "3")
MODEL = KnownModel(
    id="m", name="lighthouse", account="me", stake_nmr=None, archived=False, listed=True, seen=NOW,
    synced_round=NEWEST, profile={},
)  # fmt: skip


def day_of(number: int) -> datetime:
    """A round a week."""
    return NOW - timedelta(weeks=NEWEST - number)


def rules_of(days_by_round: dict[int, int | None]) -> dict[int, KnownRules]:
    """Rounds whose CORR looks so many days ahead; None: nobody told of that score."""

    def config(days: int) -> ScoreConfig:
        return ScoreConfig(
            name="correlation", display_name=CORR[0], version=CORR[1], is_payout=True,
            multiplier=1.0, clip_threshold=None, total_score_days=days, returns_lag_days=None,
        )  # fmt: skip

    return {
        number: KnownRules(
            deadline=day_of(number),
            resolve_time=None,
            configs=() if days is None else (config(days),),
        )
        for number, days in days_by_round.items()
    }


def value_of(number: int) -> float:
    return (number % 7 - 3) / 100


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    rows = tuple(
        ScoreRow(
            round_number=number, display_name=CORR[0], version=CORR[1], day=60,
            value=value_of(number), percentile=None, date=day_of(number), resolved=number < 1390,
            resolve_date=None, close_time=None,
        )
        for number in range(1300, NEWEST + 1)
    )  # fmt: skip
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        scores.keep_history(
            opened,
            "numerai",
            "m",
            history=ModelHistory(scores=rows, performances=()),
            newest_round=NEWEST,
            seen=NOW,
        )
        yield opened


@pytest.mark.parametrize(
    ("rules", "over"),
    [
        (dict.fromkeys(range(1300, 1401), 60), range(1348, 1390)),
        ({at: 60 if at >= 1370 else 20 for at in range(1300, 1401)}, range(1370, 1390)),
        ({at: 60 if at % 2 else 20 for at in range(1300, 1401)}, range(1349, 1390, 2)),
        ({at: 60 for at in range(1300, 1401) if at != 1360}, range(1348, 1390)),
        (dict.fromkeys(range(1360, 1401), 60), range(1348, 1390)),
        (dict.fromkeys(range(1300, 1380), 60), range(1348, 1390)),
        ({at: 60 if at < 1380 else None for at in range(1300, 1401)}, range(1348, 1390)),
        (dict.fromkeys(range(1300, 1401)), range(1348, 1390)),
        ({}, range(1348, 1390)),
        (dict.fromkeys(range(1395, 1401), 60), range(1348, 1390)),
    ],
    ids=[
        "one horizon", "another horizon before", "two horizons in turn",
        "a round that is not known", "older rounds that are not known",
        "newer rounds that are not known",
        "rounds without that score", "no round with that score", "no round known",
        "no round resolved that is known",
    ],
)  # fmt: skip
def test_a_mean_without_its_error_is_that_of_the_longest_horizon(
    ledger: Ledger, rules: dict[int, int | None], over: range
) -> None:
    known = rules_of(rules)
    year = YearOfRounds(known, now=NOW)
    found = KeptScores(ledger, "numerai", MODEL, rules=known, year=year)
    by_hand = sum(map(value_of, over)) / len(over)
    assert longest_mean(found.means, CORR) == pytest.approx(by_hand, rel=1e-12)
    assert means_of(found.means, CORR)[-1].mean == pytest.approx(by_hand, rel=1e-12)


def test_no_resolved_round_has_no_mean(ledger: Ledger) -> None:
    known = rules_of(dict.fromkeys(range(1300, 1401), 60))
    year = YearOfRounds(known, now=NOW + timedelta(days=400))
    found = KeptScores(ledger, "numerai", MODEL, rules=known, year=year)
    assert longest_mean(found.means, CORR) is None
    assert not means_of(found.means, CORR)
    assert longest_mean(found.means, ("mmc60", "3")) is None
