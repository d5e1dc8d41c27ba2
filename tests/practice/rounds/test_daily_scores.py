"""Scores on the returns so far: from the day after the first return to the last of the horizon."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pytest

from numeri_cli.practice.rounds.daily_scores import (
    CROWD_KINDS,
    KINDS,
    DayScore,
    Scoreboard,
    daily_scores,
)
from numeri_cli.practice.rounds.settlement import scores_of
from numeri_cli.practice.rounds.terms import ATOMIC
from numeri_cli.practice.tournament import Tournament
from tests.support.small_worlds import SMALL, small_world
from tests.support.wire import Wire

SCORES = """query($m: ID!, $day: Int, $resolved: Boolean) {
    submissionScores(modelId: $m, day: $day, resolved: $resolved) {
        roundNumber displayName day date value percentile resolved resolveDate submissionId
        payoutPending payoutSettled } }"""
DETAILS = """{ roundDetails(roundNumber: 61, tournament: 8) { status
    models { id modelName corr60 mmc60 payoutPending payoutSettled } } }"""
HORIZON = {
    "corr60": 60,
    "mmc60": 60,
    **dict.fromkeys(
        ("v2_corr20", "mmc", "corr_w_meta_model", "bmc", "fnc_v3", "mcwnm", "apcwnm"), 20
    ),
}


def test_the_target_so_far_becomes_the_target() -> None:
    era_records = small_world().era_records
    for era in (1, SMALL.eras - 12):
        daily = era_records.targets_so_far(era, days=60)
        for days in (20, 60):
            known = era_records.target(era, f"target_ender_{days}")
            np.testing.assert_array_equal(daily[days - 1], known)
        assert (daily[0] != daily[59]).mean() > 0.3


def test_no_target_rests_on_returns_that_are_not_drawn() -> None:
    era_records = small_world().era_records
    assert era_records.targets_so_far(SMALL.eras, days=3).shape == (3, SMALL.stocks)
    for era, days in ((SMALL.eras, 4), (SMALL.eras + 1, 1), (SMALL.eras - 1, 9)):
        with pytest.raises(ValueError, match="not known"):
            era_records.targets_so_far(era, days=days)


@pytest.mark.parametrize("horizon_days", [20, 60])
def test_daily_scores_are_those_of_a_settlement_on_every_target(horizon_days: int) -> None:
    random = np.random.default_rng(horizon_days)
    predictions = random.uniform(size=(400, 6))
    predictions[:, 1] = predictions[:, 1].round(1)
    predictions[:, 2] = predictions[:, 2] > 0.97  # spoiled by the power transform
    predictions[:, 3] = 0.5
    meta = random.standard_normal(400)
    targets = random.choice([0, 0.25, 0.5, 0.75, 1], size=(5, 400), p=[0.05, 0.2, 0.5, 0.2, 0.05])
    targets[3] = 0.5
    targets[4] = np.eye(400)[7]
    found = daily_scores(predictions, meta, targets=targets)
    kinds = {"v2_corr20": 0, "corr60": 0, "mmc": 1, "mmc60": 1, "corr_w_meta_model": 2}
    assert found.shape == (5, len(CROWD_KINDS), 6)
    for day, target in enumerate(targets):
        expected = scores_of(predictions, meta, target=target, horizon_days=horizon_days)
        for name, values in expected.items():
            np.testing.assert_allclose(
                found[day, kinds[name]], np.nan_to_num(values), atol=1e-12, err_msg=name
            )


@pytest.fixture
def played(tournament: Tournament, wire: Wire) -> Tournament:
    """A staked submission to round 61."""
    tournament.set_stake("lighthouse", Decimal(65))
    wire.submit(wire.predictions(seed=3), model=wire.model("lighthouse"))
    return tournament


def test_scores_come_day_by_day_until_they_are_final(played: Tournament, wire: Wire) -> None:
    model = wire.model("lighthouse")
    assert wire.data(SCORES, m=model)["submissionScores"] == []
    seen: dict[tuple[str, int], float] = {}
    for weeks, days, final in ((1, 1, ()), (4, 16, ()), (5, 21, (20,)), (13, 60, (20, 60))):
        played.advance(61 + weeks - played.status().round_number)
        rows = wire.data(SCORES, m=model)["submissionScores"]
        assert {row["roundNumber"] for row in rows} == {61}
        for name, horizon in HORIZON.items():
            own = [row for row in rows if row["displayName"] == name]
            last = min(days, horizon)
            assert [row["day"] for row in own] == list(range(last, 0, -1)), (weeks, name)
            assert [row["resolved"] for row in own] == [
                row["day"] == horizon and horizon in final for row in own
            ]
            for row in own:
                date = datetime.fromisoformat(row["date"])
                assert date <= played.now()
                assert 0 <= row["percentile"] <= 1
                before = seen.setdefault((name, row["day"]), row["value"])
                assert before == row["value"]  # a day that is past does not change
                assert (row["payoutPending"] is None) == (horizon == 20 or row["resolved"])
    assert len({round(value, 12) for (name, _), value in seen.items() if name == "mmc60"}) > 50
    finals = wire.data(SCORES, m=model, resolved=True)["submissionScores"]
    assert {row["displayName"]: row["day"] for row in finals} == HORIZON
    assert all(row["payoutSettled"] for row in finals if row["day"] == 60)
    assert len(wire.data(SCORES, m=model, day=20)["submissionScores"]) == len(HORIZON)


def test_a_round_that_resolves_shows_its_scores_and_what_they_would_pay(
    played: Tournament, wire: Wire
) -> None:
    played.advance(6)
    details = wire.data(DETAILS)["roundDetails"]
    assert details["status"] == "resolving"
    own = next(one for one in details["models"] if one["modelName"] == "lighthouse")
    expected = ATOMIC.payout(Decimal(5), {name: own[name] for name in ("corr60", "mmc60")})
    assert Decimal(own["payoutPending"]) == expected != 0
    assert own["payoutSettled"] is None
    pending = wire.data(
        "{ pendingModelPayouts(tournament: 8) { pending { roundNumber payoutNmr } } }"
    )
    [row] = pending["pendingModelPayouts"]["pending"]
    assert (row["roundNumber"], Decimal(row["payoutNmr"])) == (61, expected)
    query = """query($m: ID!) { v2RoundModelPerformances(modelId: $m) {
        submissionScores { displayName day } intraRoundSubmissionScores { day } } }"""
    [performance] = wire.data(query, m=own["id"])["v2RoundModelPerformances"]
    newest = {one["displayName"]: one["day"] for one in performance["submissionScores"]}
    assert newest == {name: min(26, horizon) for name, horizon in HORIZON.items()}
    assert len(performance["intraRoundSubmissionScores"]) == 7 * 20 + 2 * 26


class Watched(np.ndarray[Any, Any]):
    """An array of daily scores that notes which day and kind is looked at."""

    seen: ClassVar[list[tuple[int, int]]] = []

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, tuple):
            self.seen.append(at)
        return np.asarray(self)[at]


def test_the_newest_scores_are_found_without_ranking_the_days_before(
    played: Tournament, wire: Wire
) -> None:
    played.advance(6)
    with played.store.reading() as connection:
        board = Scoreboard(world=played.world(), folders=played.folders, moment=played.now())
        scores = board.of_round(connection, played.state().calendar.round(61))
    watched = replace(scores, values=scores.values.view(Watched))
    for model in scores.entries:
        first: dict[str, DayScore] = {}
        for one in scores.of_model(model):
            first.setdefault(one.rule.name, one)
        Watched.seen.clear()
        assert watched.newest(model) == first
        assert sorted(day for day, _ in Watched.seen) == [25, 25]  # the rest is final
    none = replace(scores, values=scores.values[:0], finals={})
    assert none.newest(next(iter(scores.entries))) == {}


def test_a_round_is_kept_as_one_array_and_a_spoiled_one_is_made_again(
    played: Tournament, wire: Wire
) -> None:
    played.advance(2)
    first = wire.data(SCORES, m=wire.model())["submissionScores"]
    folder = played.folders.root / "scores"
    [path] = [path for path in folder.iterdir() if path.name.startswith("0061")]
    entries = len(wire.data(DETAILS)["roundDetails"]["models"])
    kept = np.load(path)
    assert kept.shape == (6, len(KINDS), entries)
    for spoiled in (b"", path.read_bytes()[:-8], b"\x93NUMPY nothing"):
        path.write_bytes(spoiled)
        assert wire.data(SCORES, m=wire.model())["submissionScores"] == first
        np.testing.assert_array_equal(np.load(path), kept)


def test_a_clock_that_runs_past_the_market_shows_no_day_of_the_future(
    played: Tournament, wire: Wire
) -> None:
    played.advance(1)
    later = played.now() + timedelta(days=6)
    with played.store.writing() as connection:
        connection.execute(
            "UPDATE tournament SET clock = ?", (later.isoformat(timespec="microseconds"),)
        )
    days = {row["day"] for row in wire.data(SCORES, m=wire.model())["submissionScores"]}
    assert days == {1, 2, 3}  # five returns were drawn, two of them are lag


def test_a_rank_changes_with_the_scores_of_the_day_and_with_them_alone(
    played: Tournament, wire: Wire
) -> None:
    models = "{ v2Leaderboard(limit: 100) { username rank rankChange1d } }"
    accounts = "{ accountLeaderboard { username rank rankChange1d } }"
    ranks: dict[str, dict[str, int]] = {}
    for weeks in (12, 1, 1):  # nothing is settled before the 13th
        played.advance(weeks)
        for query, name in ((models, "v2Leaderboard"), (accounts, "accountLeaderboard")):
            rows = wire.data(query)[name]
            before = ranks.get(name, {row["username"]: row["rank"] for row in rows})
            assert {row["username"]: row["rankChange1d"] for row in rows} == {
                row["username"]: before[row["username"]] - row["rank"] for row in rows
            }
            assert any(row["rankChange1d"] for row in rows) == (weeks == 1)
            ranks[name] = {row["username"]: row["rank"] for row in rows}
    later = played.now() + timedelta(days=1)
    with played.store.writing() as connection:
        connection.execute(
            "UPDATE tournament SET clock = ?", (later.isoformat(timespec="microseconds"),)
        )
    assert not any(row["rankChange1d"] for row in wire.data(models)["v2Leaderboard"])
