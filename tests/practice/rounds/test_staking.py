"""The participant's money: whatever is staked, paid, burned and held always adds up."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numeri_cli.errors import PracticeSettings
from numeri_cli.practice.calendar import Calendar
from numeri_cli.practice.database.database import Connection, Store, moment_text
from numeri_cli.practice.participants import accounts
from numeri_cli.practice.rounds import settlement, staking
from numeri_cli.practice.rounds.terms import NMR_UNIT
from numeri_cli.practice.tournament import Tournament
from tests.support.tournaments import fresh_tournament, let_the_window_pass
from tests.support.wire import Wire

MODELS = ("lighthouse", "beacon")
WALLET = Decimal(100)
WEEKS = 30
WEEKS_TO_SETTLE = 13
START = datetime(2026, 1, 3, 12, tzinfo=UTC)

shares = st.decimals(min_value=0, max_value=1, places=18, allow_nan=False)
paid_scores = st.floats(-0.5, 0.5)  # times 15: far beyond both clips
weeks = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(MODELS), shares), max_size=2),
        st.tuples(paid_scores, paid_scores),
    ),
    min_size=WEEKS_TO_SETTLE + 2,
    max_size=WEEKS,
)
Week = tuple[list[tuple[str, Decimal]], tuple[float, float]]


def sums(store: Store) -> dict[str, Decimal]:
    """Where all the money is, and what every kind of move has moved, by model and in all."""
    found: dict[str, Decimal] = {}
    with store.reading() as connection:
        for question in (
            "SELECT 'wallet ' || username, available_nmr FROM accounts",
            "SELECT 'stake ' || name, stake_nmr FROM models",
            """SELECT 'moves ' || models.name, amount_nmr FROM stake_moves
               JOIN models ON models.id = stake_moves.model_id""",
            "SELECT 'kind ' || kind, amount_nmr FROM stake_moves",
            "SELECT 'held', available_nmr FROM accounts",
            "SELECT 'held', stake_nmr FROM models",
        ):
            for what, amount in connection.execute(question):
                found[what] = found.get(what, Decimal(0)) + Decimal(amount)
    return found


def assert_adds_up(store: Store, first: dict[str, Decimal]) -> None:
    now = sums(store)
    kinds = {kind: now.get(f"kind {kind}", Decimal(0)) for kind in ("payout", "burn")}
    assert now["held"] == first["held"] + kinds["payout"] + kinds["burn"]
    moved = now.get("kind increase", Decimal(0)) + now.get("kind decrease", Decimal(0))
    assert now["wallet newcomer"] == WALLET - moved
    for what, amount in now.items():
        if what.startswith("stake "):
            assert amount == now.get(what.replace("stake", "moves"), Decimal(0)), what
        if what.startswith(("stake ", "wallet ")):
            assert amount >= 0, what


def assert_nothing_is_risked_twice(store: Store) -> None:
    """What rounds hold of a stake is there, so that every burn can be taken whole."""
    with store.reading() as connection:
        rows = connection.execute(
            """SELECT model_id, at_risk_nmr FROM entries WHERE round NOT IN
               (SELECT round FROM settlements WHERE horizon_days = 60)"""
        )
        held: dict[str, Decimal] = {}
        for model_id, amount in rows:
            held[model_id] = held.get(model_id, Decimal(0)) + Decimal(amount)
        for model in accounts.all_models(connection):
            assert held.get(model.id, Decimal(0)) <= model.stake_nmr, model.name


def settle(connection: Connection, number: int, scores: tuple[float, float]) -> None:
    """Pay a round as an advance does."""
    entries = settlement.entries_of(connection, number)
    settlement.record_scores(
        connection,
        number,
        horizon_days=60,
        entries=entries,
        scores={"mmc60": np.array(scores), "corr60": np.zeros(2)},
        moment=START,
    )
    staking.release(connection, moment=START)


@settings(max_examples=25, deadline=None)
@given(played=weeks)
def test_what_is_staked_paid_burned_and_held_adds_up(played: list[Week]) -> None:
    calendar, clock = Calendar.starting(START, first_round=1)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "store.sqlite")
        with store.writing() as connection:
            account = accounts.add_account(
                connection, "newcomer", email=None, available_nmr=WALLET, moment=clock
            )
            ids = {
                name: accounts.add_model(connection, account, name=name, moment=clock)
                for name in MODELS
            }
        first = sums(store)
        for number, (changes, _) in enumerate(played, start=1):
            with store.writing() as connection:
                for name, share in changes:
                    model = accounts.model(connection, ids[name])
                    assert model is not None
                    held = accounts.account(connection, account).available_nmr + model.stake_nmr
                    stake = (held * share).quantize(NMR_UNIT, "ROUND_DOWN")
                    times = calendar.round(number)
                    staked = staking.set_stake(
                        connection, model, stake_nmr=stake, times=times, moment=times.opens_at
                    )
                    assert staked.stake_nmr >= stake
                for model in accounts.all_models(connection):
                    settlement.enter(
                        connection,
                        number,
                        model_id=model.id,
                        submission_id=None,
                        at_risk_nmr=staking.risked(connection, model, number=number),
                    )
                if number > WEEKS_TO_SETTLE:
                    scores = played[number - WEEKS_TO_SETTLE - 1][1]
                    settle(connection, number - WEEKS_TO_SETTLE, scores)
            assert_adds_up(store, first)
            assert_nothing_is_risked_twice(store)


def test_the_tournaments_money_adds_up_with_the_participant_staking(
    tournament: Tournament, wire: Wire
) -> None:
    first = sums(tournament.store)
    for week, stake in enumerate(("33.333333333333333333", "100", "0.000000000000000001")):
        tournament.set_stake("lighthouse", Decimal(stake))
        assert_adds_up(tournament.store, first)
        wire.submit(wire.predictions(seed=week), model=wire.model("lighthouse"))
        tournament.advance()
        assert_adds_up(tournament.store, first)
    tournament.advance(WEEKS_TO_SETTLE)
    assert_adds_up(tournament.store, first)
    assert 0 <= tournament.status().models[0].stake_nmr <= Decimal("1e-18")  # or burned
    assert tournament.status().available_nmr not in (WALLET, WALLET - Decimal("1e-18"))


def test_what_rounds_hold_comes_back_as_they_settle(tournament: Tournament, wire: Wire) -> None:
    tournament.set_stake("lighthouse", Decimal(65))
    wire.submit(wire.predictions(), model=wire.model("lighthouse"))
    tournament.advance(2)  # the first round holds 5, nothing was handed in for the second
    staked = tournament.set_stake("lighthouse", Decimal(0))
    assert [staked.stake_nmr, staked.locked_nmr, staked.wanted_nmr] == [5, 5, 0]
    assert staked.wallet_nmr == 95
    pending = wire.data(
        """{ account { models { name v2Stake {
            latestValue pendingV2ChangeStakeRequest { type requestedAmount drain } } } } }"""
    )["account"]["models"][0]["v2Stake"]
    assert Decimal(pending["latestValue"]) == 5
    request = pending["pendingV2ChangeStakeRequest"]
    assert [request["type"], Decimal(request["requestedAmount"])] == ["decrease", 5]
    assert request["drain"] is True
    wire.submit(wire.predictions(seed=1), model=wire.model("lighthouse"))
    tournament.advance(WEEKS_TO_SETTLE - 2)
    own = tournament.status().models[0]
    assert [own.stake_nmr, own.wanted_nmr] == [0, None]
    with tournament.store.reading() as connection:
        [(paid,)] = connection.execute(
            "SELECT amount_nmr FROM stake_moves WHERE kind IN ('payout', 'burn')"
            " AND model_id = (SELECT id FROM models WHERE name = 'lighthouse')"
        )
        risked = [
            Decimal(row[0])
            for row in connection.execute(
                "SELECT at_risk_nmr FROM entries WHERE submission_id IS NOT NULL ORDER BY round"
            )
        ]
    assert risked == [5, 0]  # what is on its way back is not risked again
    assert Decimal(paid) != 0
    assert tournament.status().available_nmr == 100 + Decimal(paid)


def test_a_stake_that_comes_after_the_window_counts_from_the_next_round(
    tournament: Tournament, wire: Wire
) -> None:
    tournament.set_stake("lighthouse", Decimal(13))
    wire.submit(wire.predictions(), model=wire.model("lighthouse"))
    late = tournament.status().closes_at + timedelta(hours=1)
    with tournament.store.writing() as connection:
        connection.execute("UPDATE tournament SET clock = ?", (moment_text(late),))
    tournament.set_stake("lighthouse", Decimal(39))
    withdrawn = tournament.set_stake("lighthouse", Decimal(0))
    assert withdrawn.stake_nmr == withdrawn.locked_nmr == 1  # the closed round keeps its part
    tournament.set_stake("lighthouse", Decimal(13))
    tournament.advance()
    with tournament.store.reading() as connection:
        [(risked,)] = connection.execute(
            "SELECT at_risk_nmr FROM entries WHERE submission_id IS NOT NULL"
        )
    assert Decimal(risked) <= 1


@pytest.mark.parametrize("changes", [[], [0], [5], [20], [0, 10], [20, 10], [5, 0, 30]])
def test_what_happens_to_a_stake_after_the_window_changes_nothing_for_the_closed_round(
    tournament: Tournament, wire: Wire, changes: list[int]
) -> None:
    tournament.set_stake("lighthouse", Decimal(10))
    wire.submit(wire.predictions(), model=wire.model("lighthouse"))
    let_the_window_pass(tournament)
    for stake in changes:
        changed = tournament.set_stake("lighthouse", Decimal(stake))
        assert changed.locked_nmr == settlement.round_stake(Decimal(10))
    tournament.advance()
    with tournament.store.reading() as connection:
        [(risked,)] = connection.execute(
            "SELECT at_risk_nmr FROM entries WHERE submission_id IS NOT NULL"
        )
    assert Decimal(risked) == settlement.round_stake(Decimal(10))


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("100.000000000000000001", "cannot stake"),
        ("1e40", "cannot stake"),
        ("-0.5", "negative"),
        ("1.0000000000000000001", "18 decimals"),
    ],
)
def test_an_amount_that_cannot_be_is_refused_with_a_cure(
    tournament: Tournament, amount: str, words: str
) -> None:
    with pytest.raises(PracticeSettings, match=words) as refused:
        tournament.set_stake("lighthouse", Decimal(amount))
    assert refused.value.hint
    assert tournament.status().available_nmr == WALLET


def test_the_participants_stake_weighs_in_the_meta_model(
    tournament: Tournament, wire: Wire, tmp_path: Path
) -> None:
    twin = fresh_tournament(tmp_path / "twin")
    tournament.set_stake("lighthouse", WALLET)
    correlations = []
    for one in (tournament, twin):
        with Wire.inside(one) as asked:
            model = asked.model("lighthouse")
            asked.submit(asked.predictions(seed=7), model=model)
            one.advance(5)
            query = """query($m: ID!) { submissionScores(
                modelId: $m, displayName: "corr_w_meta_model", day: 20) { value } }"""
            [score] = asked.data(query, m=model)["submissionScores"]
            correlations.append(score["value"])
    assert correlations[0] > correlations[1] + 0.005


def test_the_wire_tells_of_a_stake_wherever_it_is_asked(tournament: Tournament, wire: Wire) -> None:
    tournament.set_stake("beacon", Decimal("12.5"))
    tournament.set_stake("beacon", Decimal("10"))
    data = wire.data(
        """{ account { availableNmr walletTxns { type amount from to }
                models { name v2Stake { stakeValue latestValue } } }
            stakeTransactions { type amount value model }
            v2Leaderboard(limit: 100) { username nmrStaked }
            accountLeaderboard { username nmrStaked }
            accountProfile(username: "newcomer") { totalStake }
            v3UserProfile(modelName: "beacon") { nmrStaked stakeValue stakeValues { delta } } }"""
    )
    account = data["account"]
    assert Decimal(account["availableNmr"]) == 90
    assert [
        (one["type"], Decimal(one["amount"]), one["from"], one["to"])
        for one in account["walletTxns"]
    ] == [
        ("decrease", Decimal("2.5"), "beacon", "newcomer"),
        ("increase", Decimal("12.5"), "newcomer", "beacon"),
    ]
    stakes = {one["name"]: one["v2Stake"] for one in account["models"]}
    assert Decimal(stakes["beacon"]["stakeValue"]) == 10
    assert stakes["harbour"]["stakeValue"] is None
    moves = data["stakeTransactions"]
    assert [Decimal(one["amount"]) for one in moves] == [Decimal("-2.5"), Decimal("12.5")]
    assert [Decimal(one["value"]) for one in moves] == [10, Decimal("12.5")]
    for board, name in (("v2Leaderboard", "beacon"), ("accountLeaderboard", "newcomer")):
        [row] = [row for row in data[board] if row["username"] == name]
        assert Decimal(row["nmrStaked"]) == 10
    assert Decimal(data["accountProfile"]["totalStake"]) == 10
    assert Decimal(data["v3UserProfile"]["stakeValue"]) == 10
    deltas = [Decimal(one["delta"]) for one in data["v3UserProfile"]["stakeValues"]]
    assert deltas == [Decimal("-2.5"), Decimal("12.5")]
