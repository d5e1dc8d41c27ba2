"""Reputations, ranks and returns against a plain recomputation, past the first year."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphql import GraphQLObjectType

from numeri_cli.practice.participants import accounts
from numeri_cli.practice.results.leaderboard import leaderboard
from numeri_cli.practice.rounds import settlement
from numeri_cli.practice.rounds.account_reputations import ranked_accounts
from numeri_cli.practice.rounds.reputations import RankedModel, Trailing, ranked_models
from numeri_cli.practice.server.graphql import tournament_schema
from numeri_cli.practice.tournament import Tournament
from tests.support.past_year import NAMES, PastYear
from tests.support.tournaments import fresh_tournament
from tests.support.wire import Wire

WEEKS = 72
PERIODS = {
    Trailing.week: 1,
    Trailing.quarter: 13,
    Trailing.year: 52,
    Trailing.ever: WEEKS,
}
SCORES = [name for names in NAMES.values() for name in names]
BOARD = "query($by: String, $way: String) { %s(orderBy: $by, direction: $way) { %s } }"
BOARDS = {"v2Leaderboard": "V2LeaderboardEntry", "accountLeaderboard": "AccountLeaderboardEntry"}


def standing_now(
    tournament: Tournament, *, known_by: datetime | None = None
) -> tuple[RankedModel, ...]:
    state = tournament.state()
    number = state.live_round if known_by is None else state.calendar.number_at(known_by)
    with tournament.store.reading() as connection:
        return ranked_models(connection, number, known_by=known_by)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> PastYear:
    """A year and twenty weeks, of which the first rounds were better than the rest."""
    made = PastYear.of(fresh_tournament(tmp_path_factory.mktemp("year") / "practice"))
    made.go_on(WEEKS, random=np.random.default_rng(7))
    return made


def test_a_reputation_is_the_mean_of_what_became_final_in_the_past_year(year: PastYear) -> None:
    found = {one.model.name: one for one in standing_now(year.tournament)}
    assert len(found) == 15
    for model, one in found.items():
        expected = {name: year.mean(model, name) for name in SCORES}
        known = {name: mean for name, mean in expected.items() if mean is not None}
        assert one.reputations == pytest.approx(known, abs=1e-12), model
    assert found["harbour"].reputations == {}
    of_all = [v for who, name, _, v in year.finals if (who, name) == ("lighthouse", "corr60")]
    assert abs(found["lighthouse"].reputations["corr60"] - np.mean(of_all)) > 1e-4


def test_ranks_follow_the_reputations(year: PastYear) -> None:
    found = standing_now(year.tournament)
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    for name in SCORES:
        expected = year.ranks(lambda model, name=name: year.mean(model, name))
        assert {one.model.name: one.ranks[name] for one in found if name in one.ranks} == expected
    places = {one.model.name: one.rank for one in found if one.reputations}
    assert places == year.ranks(lambda model: year.mean(model, "corr60"))
    assert found[-1].model.name == "harbour"


@pytest.mark.parametrize("period", list(Trailing))
def test_earnings_and_returns_are_those_of_the_period(year: PastYear, period: Trailing) -> None:
    weeks = PERIODS[period]
    for one in standing_now(year.tournament):
        name = one.model.name
        paid, base = year.paid(name, weeks), year.base(name, weeks)
        assert one.earnings[period].earned_nmr == paid, name
        assert one.earnings[period].staked_nmr == base, name
        assert one.earnings[period].share == (float(paid / base) if base else 0.0), name
    assert year.paid("lighthouse", weeks)


def test_the_leaderboard_counts_the_rounds_in_its_mean_and_shows_the_year(year: PastYear) -> None:
    board = leaderboard(year.tournament)
    counts = [
        sum((who, name) == ("lighthouse", "corr60") and week > WEEKS - 52
            for who, name, week, _ in year.finals)
    ]  # fmt: skip
    assert [board.resolved_rounds] == counts == [52]
    for row in board.rows:
        assert row.corr60 == pytest.approx(year.mean(row.name, "corr60"))
        assert row.mmc60 == pytest.approx(year.mean(row.name, "mmc60"))
        assert row.earned_nmr == year.paid(row.name, 52)
        base = year.base(row.name, 52)
        assert row.return_share == (float(row.earned_nmr / base) if base else 0.0)


def test_an_account_is_weighted_by_the_stakes_of_its_models(year: PastYear) -> None:
    everybody = standing_now(year.tournament)
    own = [one for one in everybody if one.model.account_name == "newcomer"]
    assert sorted(one.model.name for one in own) == ["beacon", "harbour", "lighthouse"]
    [account] = [one for one in ranked_accounts(everybody) if one.username == "newcomer"]
    stakes = {one.model.name: one.model.stake_nmr for one in own}
    for name in SCORES:
        both = [(float(stakes[m]), year.mean(m, name)) for m in ("lighthouse", "beacon")]
        weighted = sum(stake * mean for stake, mean in both if mean is not None)
        total = sum(stake for stake, _ in both)
        assert account.reputations[name] == pytest.approx(weighted / total, abs=1e-12)
        equal = np.mean([mean for _, mean in both if mean is not None])
        assert abs(account.reputations[name] - equal) > 1e-6
    assert account.stake_nmr == sum(stakes.values())
    for period, weeks in PERIODS.items():
        paid = year.paid("lighthouse", weeks) + year.paid("beacon", weeks)
        base = year.base("lighthouse", weeks) + year.base("beacon", weeks)
        assert account.earnings[period].earned_nmr == paid
        assert account.earnings[period].share == float(paid / base)
    found = leaderboard(year.tournament, of="accounts")
    [row] = [row for row in found.rows if row.is_own]
    assert (row.name, row.rank, row.corr60) == (
        "newcomer", account.rank, account.reputations["corr60"],
    )  # fmt: skip
    assert len(found.rows) == 13
    scores = [row.corr60 for row in found.rows if row.corr60 is not None]
    assert scores == sorted(scores, reverse=True)


def test_models_without_stake_count_equally_in_their_account(tmp_path: Path) -> None:
    tournament = fresh_tournament(tmp_path / "practice")
    calendar, number = tournament.state().calendar, tournament.state().live_round
    with tournament.store.writing() as connection:
        newcomer = accounts.account_named(connection, "newcomer")
        assert newcomer is not None
        entries = [
            settlement.ModelInRound(
                model_id=one.id,
                model_name=one.name,
                submission_id=None,
                filename=None,
                at_risk_nmr=Decimal(0),
            )
            for one in accounts.models_of(connection, newcomer.id)
        ]
        settlement.record_scores(
            connection,
            number,
            horizon_days=60,
            entries=entries,
            scores={"corr60": np.array([0.01, 0.02, 0.06]), "mmc60": np.zeros(3)},
            moment=calendar.opening(number + 13),
        )
    [account] = [
        one for one in ranked_accounts(standing_now(tournament)) if one.username == "newcomer"
    ]
    assert account.reputations["corr60"] == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("moves", "weeks", "expected"),
    [
        # 13 staked, lost 3.16, the rest withdrawn
        ([(0, "increase", "13"), (14, "burn", "-3.16"), (15, "decrease", "-9.84")], 16,
         {Trailing.quarter: -3.16 / 13, Trailing.year: -3.16 / 13, Trailing.ever: -3.16 / 13}),
        # lost before a quarter ago, then raised: the quarter began with what was left
        ([(0, "increase", "13"), (14, "burn", "-1.65"), (20, "increase", "86.65"),
          (29, "payout", "4.9")], 30,
         {Trailing.quarter: 4.9 / 98, Trailing.year: 3.25 / 99.65, Trailing.ever: 3.25 / 99.65}),
        # withdrawn long ago: neither is in the quarter; staked anew in it
        ([(0, "increase", "50"), (2, "decrease", "-50"), (55, "increase", "10"),
          (60, "payout", "1")], 60,
         {Trailing.week: 0.1, Trailing.quarter: 0.1, Trailing.year: 0.1, Trailing.ever: 1 / 60}),
        # what is settled at the opening a period begins with was settled before it
        ([(0, "increase", "10"), (47, "payout", "2"), (59, "payout", "3"),
          (60, "burn", "-1.5")], 60,
         {Trailing.week: -1.5 / 15, Trailing.quarter: 1.5 / 12, Trailing.year: 3.5 / 10}),
        ([], 60, dict.fromkeys(Trailing, 0.0)),
    ],
)  # fmt: skip
def test_a_return_is_over_what_was_staked_whatever_was_moved_since(
    tmp_path: Path,
    moves: list[tuple[int, str, str]],
    weeks: int,
    expected: dict[Trailing, float],
) -> None:
    tournament = fresh_tournament(tmp_path / "practice")
    calendar, first = tournament.state().calendar, tournament.state().live_round
    with tournament.store.writing() as connection:
        model = accounts.model_named(connection, "lighthouse")
        assert model is not None
        for week, kind, nmr in moves:
            is_settled = kind in ("payout", "burn")
            moment = calendar.opening(first + week)
            settlement.move_stake(
                connection,
                model.id,
                amount_nmr=Decimal(nmr),
                kind=kind,
                number=first + week - 13 if is_settled else None,
                moment=moment if is_settled else moment + timedelta(hours=3),
            )
        everybody = ranked_models(connection, first + weeks)
    [own] = [one for one in everybody if one.model.name == "lighthouse"]
    found = {period: own.earnings[period].share for period in expected}
    assert found == pytest.approx(expected, rel=1e-12)


def test_what_was_known_at_a_moment_is_what_stood_there_then(tmp_path: Path) -> None:
    year = PastYear.of(fresh_tournament(tmp_path / "practice"))
    random = np.random.default_rng(12)
    year.go_on(60, random=random)
    then, moment = standing_now(year.tournament), year.tournament.now()
    year.go_on(1, random=random)
    year.tournament.set_stake("harbour", Decimal(1))
    again, now = standing_now(year.tournament, known_by=moment), standing_now(year.tournament)

    def told(everybody: tuple[RankedModel, ...]) -> list[tuple[Any, ...]]:
        return [
            (one.rank, one.model.id, one.model.stake_nmr, one.reputations, one.ranks, one.earnings)
            for one in everybody
        ]

    assert told(again) == told(then)
    assert told(now) != told(then)
    with Wire.inside(year.tournament) as wire:
        board = wire.data("{ v2Leaderboard(limit: 99) { username rankChange1d } }")["v2Leaderboard"]
    before = {one.model.name: one.rank for one in then}
    changes = {one.model.name: before[one.model.name] - one.rank for one in now}
    assert {row["username"]: row["rankChange1d"] for row in board} == changes
    assert any(changes.values())


def test_the_wire_tells_the_year(year: PastYear) -> None:
    query = """{
        v2Leaderboard(limit: 99) {
            username return1Day return13Weeks return52Weeks corr60Rep mmc60Rep corr20V2Rep mmcRep }
        accountLeaderboard { username corr60 return1y return3m returnAllTime return1yNmr }
        v3UserProfile(modelName: "lighthouse") {
            latestReturns { oneDay threeMonths oneYear allTime oneYearNmr allTimeNmr }
            dailyModelPerformances { date corrRep corrRank corr60Rep corr60Rank mmcRep } }
        accountProfile(username: "newcomer") { models { username return1y } }
    }"""
    with Wire.inside(year.tournament) as wire:
        data = wire.data(query)

    def share(name: str, weeks: int) -> float:
        base = year.base(name, weeks)
        return float(year.paid(name, weeks) / base) if base else 0.0

    for row in data["v2Leaderboard"]:
        name = row.pop("username")
        scores = ("corr60", "mmc60", "v2_corr20", "mmc")
        expected: list[float | None] = [share(name, 1), share(name, 13), share(name, 52)]
        expected += [year.mean(name, score) for score in scores]
        assert list(row.values()) == pytest.approx(expected)
    [account] = [row for row in data["accountLeaderboard"] if row["username"] == "newcomer"]
    paid = year.paid("lighthouse", 52) + year.paid("beacon", 52)
    base = year.base("lighthouse", 52) + year.base("beacon", 52)
    assert Decimal(account["return1yNmr"]) == paid
    assert account["return1y"] == pytest.approx(float(paid / base))
    returns = data["v3UserProfile"]["latestReturns"]
    nmr = [Decimal(returns.pop(name)) for name in ("oneYearNmr", "allTimeNmr")]
    assert nmr == [year.paid("lighthouse", 52), year.paid("lighthouse", WEEKS)]
    assert list(returns.values()) == [share("lighthouse", weeks) for weeks in (1, 13, 52, WEEKS)]
    models = {one["username"]: one["return1y"] for one in data["accountProfile"]["models"]}
    assert models == {name: share(name, 52) for name in ("lighthouse", "beacon", "harbour")}


def test_the_daily_performances_are_the_reputations_of_every_week(year: PastYear) -> None:
    query = """{ v3UserProfile(modelName: "lighthouse") { dailyModelPerformances {
        date corrRep corrRank corr60Rep corr60Rank mmcRep } } }"""
    with Wire.inside(year.tournament) as wire:
        rows = wire.data(query)["v3UserProfile"]["dailyModelPerformances"]
    weeks = range(WEEKS, 4, -1)  # the first 20-day score is final after five
    assert len(rows) == len(weeks)
    opening = year.tournament.state().calendar.opening
    for week, row in zip(weeks, rows, strict=True):
        assert row["date"] == opening(year.first_round + week).strftime("%Y-%m-%dT%H:%M:%SZ")
        for short, name in (("corr", "v2_corr20"), ("corr60", "corr60")):
            mean = year.mean("lighthouse", name, now=week)
            ranks = year.ranks(lambda m, name=name, week=week: year.mean(m, name, now=week))
            assert row[f"{short}Rep"] == pytest.approx(mean)
            assert row[f"{short}Rank"] == ranks.get("lighthouse")


@pytest.mark.parametrize("board", sorted(BOARDS))
def test_a_board_is_ordered_by_any_of_its_columns_in_either_spelling(
    year: PastYear, board: str
) -> None:
    kind = tournament_schema().get_type(BOARDS[board])
    assert isinstance(kind, GraphQLObjectType)
    columns = kind.fields
    with Wire.inside(year.tournament) as wire:
        for column in columns:
            query = BOARD % (board, f"username {column}")
            for way in ("asc", "DESC" if column == "rank" else None):
                rows = wire.data(query, by=column, way=way)[board]
                values = [row[column] for row in rows if row[column] is not None]
                if "nmr" in column.lower():
                    values = [Decimal(value) for value in values]
                assert values == sorted(values, reverse=way != "asc"), (column, way)
                assert all(row[column] is None for row in rows[len(values) :])
        query = BOARD % (board, "username")
        camel, snake = (wire.data(query, by=by)[board] for by in ("nmrStaked", "nmr_staked"))
        assert camel == snake != wire.data(query)[board]


@pytest.mark.parametrize("board", sorted(BOARDS))
def test_a_board_refuses_an_order_it_does_not_have(wire: Wire, board: str) -> None:
    query = BOARD % (board, "username")
    for column in ("shoeSize", "", "nmrStaked "):
        assert wire.refusal(query, by=column) == f"invalid orderBy: {column}"
    assert wire.refusal(query, by="rank", way="sideways") == "invalid direction: sideways"
