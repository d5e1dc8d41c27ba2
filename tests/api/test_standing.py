"""Scores, payouts and boards as the server may answer them: with nulls, oddities and burns."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from numeri_cli.api import standing
from numeri_cli.api.client import Client
from tests.support.scripted_server import Server, data

SCORE: dict[str, Any] = {
    "roundNumber": 1335, "displayName": "corr60", "version": "3", "day": 17,
    "date": "2026-09-11T00:00:00Z", "value": 0.012, "percentile": None, "resolved": False,
    "resolveDate": None, "roundResolveTime": "2026-11-20T00:00:00Z",
    "roundCloseStakingTime": "2026-08-20T14:00:00Z",
}  # fmt: skip
PERFORMANCE: dict[str, Any] = {
    "roundNumber": 1335, "atRisk": "1.5", "roundPayoutFactor": "0.35", "roundResolved": False,
    "roundResolveTime": "2026-11-20T00:00:00Z",
    "payoutMultipliers": [
        {"name": "correlation", "version": "6", "displayName": "v2_corr20", "multiplier": 0.75},
        {"name": "correlation", "version": "3", "displayName": "corr60", "multiplier": 0.0},
    ],
    "submissionScores": [
        {"displayName": "mmc", "day": 9, "payoutPending": "-0.25", "payoutSettled": None},
        {"displayName": "mmc", "day": 8, "payoutPending": "7", "payoutSettled": None},
        {"displayName": "v2_corr20", "day": 9, "payoutPending": "0E-18", "payoutSettled": None},
        {"displayName": "fnc_v3", "day": 9, "payoutPending": None, "payoutSettled": None},
    ],
}  # fmt: skip


def test_a_history_is_read_score_by_score_and_round_by_round(
    server: Server, client: Client
) -> None:
    server.script = [data(submissionScores=[SCORE, None], v2RoundModelPerformances=[PERFORMANCE])]
    found = standing.history(client, "m", last_rounds=None)
    [score] = found.scores
    assert (score.display_name, score.version, score.day) == ("corr60", "3", 17)
    assert score.percentile is None
    assert score.resolve_date == datetime(2026, 11, 20, tzinfo=UTC)
    [row] = found.performances
    assert row.at_risk_nmr == Decimal("1.5")
    assert row.multipliers == (("correlation", "6", "v2_corr20", Decimal("0.75")),)
    assert row.pending_nmr == Decimal("-0.25")  # of the newest day of each score
    assert row.settled_nmr is None
    assert server.asked[0].variables["lastNRounds"] is None


@pytest.mark.parametrize("name", ["displayName", "day", "value", "roundNumber"])
def test_a_row_that_says_nothing_is_left_out(server: Server, client: Client, name: str) -> None:
    odd = {**SCORE, name: None}
    server.script = [data(submissionScores=[odd, SCORE], v2RoundModelPerformances=[])]
    assert len(standing.history(client, "m", last_rounds=70).scores) == 1
    assert server.asked[0].variables["lastNRounds"] == 70


@pytest.mark.parametrize(
    "name", ["atRisk", "payoutMultipliers", "submissionScores", "roundPayoutFactor"]
)
def test_what_a_round_may_lack_is_nothing_and_no_error(
    server: Server, client: Client, name: str
) -> None:
    odd = {**PERFORMANCE, name: None}
    server.script = [data(submissionScores=[], v2RoundModelPerformances=[odd])]
    [row] = standing.history(client, "m", last_rounds=70).performances
    lacks = {
        "atRisk": row.at_risk_nmr,
        "payoutMultipliers": row.multipliers or None,
        "submissionScores": row.pending_nmr,
        "roundPayoutFactor": row.payout_factor,
    }
    assert lacks[name] is None


def test_unknown_names_and_versions_are_kept_as_they_came(server: Server, client: Client) -> None:
    odd = {**SCORE, "displayName": "season_score", "version": None}
    server.script = [data(submissionScores=[odd], v2RoundModelPerformances=[])]
    [score] = standing.history(client, "m", last_rounds=70).scores
    assert (score.display_name, score.version) == ("season_score", "")


def test_payouts_may_be_nothing_or_a_burn(server: Server, client: Client) -> None:
    row = {"roundNumber": 1335, "modelId": 7, "roundResolveTime": "2026-11-20"}
    server.script = [
        data(
            pendingModelPayouts={
                "actual": None,
                "pending": [{**row, "payoutNmr": "0E-18"}, {**row, "payoutNmr": "-0.5"}, None],
            }
        )
    ]
    nothing, burn = standing.payouts(client)
    assert (nothing.amount_nmr, nothing.settled) == (Decimal(0), False)
    assert (burn.amount_nmr, burn.model_id) == (Decimal("-0.5"), "7")


def test_an_unstaked_model_has_no_stake(server: Server, client: Client) -> None:
    model = {"id": 7, "name": "a", "tournament": 8, "archived": True, "v2Stake": None}
    unstaked = {**model, "id": 8, "archived": None, "v2Stake": {"stakeValue": None}}
    other = {**model, "id": 9, "tournament": 11}
    models = [model, unstaked, other]
    server.script = [data(account={"username": "me", "availableNmr": None, "models": models})]
    found = standing.account(client)
    assert [(one.id, one.stake_nmr, one.archived) for one in found.models] == [
        ("7", None, True),
        ("8", None, False),
    ]
    assert found.available_nmr is None


def test_a_price_of_nothing_is_none(server: Server, client: Client) -> None:
    seen = "2026-11-20T12:00:00Z"
    server.script = [data(latestNmrPrice={"priceUsd": "0", "lastUpdated": seen})]
    assert standing.price(client) is None
    server.script = [data(latestNmrPrice={"priceUsd": "12.5", "lastUpdated": seen})]
    found = standing.price(client)
    assert found is not None
    assert (found.usd, found.time.day) == (Decimal("12.5"), 20)
