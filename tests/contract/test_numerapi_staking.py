"""Stakes live on a chain: what numerapi's methods for them are told.

The table in test_numerapi.py names these tests, too.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numerapi
import pytest

from numeri_cli.practice.tournament import Tournament
from tests.support.live_predictions import live_predictions


def test_staking_v2_is_refused_as_since_the_migration(
    napi: numerapi.NumerAPI, lighthouse: str, tournament: Tournament
) -> None:
    tournament.set_stake("lighthouse", Decimal(10))
    attempts: list[Any] = [
        lambda: napi.stake_change(5, "increase", lighthouse),
        lambda: napi.stake_decrease(5, lighthouse),
        lambda: napi.stake_increase(5, lighthouse),
        lambda: napi.stake_set(20, lighthouse),
    ]
    for attempt in attempts:
        with pytest.raises(ValueError, match=r"^Staking v2 is disabled$"):
            attempt()
    assert napi.stake_set(10, lighthouse) is None


def test_draining_a_stake_is_refused_for_the_types_that_numerapi_writes(
    napi: numerapi.NumerAPI, lighthouse: str, tournament: Tournament
) -> None:
    """`bool` is no type, an amount is needed; in better words it is as the others."""
    tournament.set_stake("lighthouse", Decimal(10))
    with pytest.raises(ValueError, match=r"'\$amount' of type 'String'"):
        napi.stake_drain(lighthouse)
    query = """mutation($drain: Boolean!, $amount: String!, $modelId: String) {
        releaseStake(drain: $drain, modelId: $modelId, amount: $amount) { status } }"""
    words = {"drain": True, "modelId": lighthouse, "amount": "11000000"}
    with pytest.raises(ValueError, match=r"^Staking v2 is disabled$"):
        napi.raw_query(query, words, authorization=True)
    assert napi.stake_get("lighthouse") == 10


def test_the_contract_takes_no_stakes(napi: numerapi.NumerAPI) -> None:
    found = napi.v3_stake_config()
    assert found.pop("paused") is True
    assert found == dict.fromkeys(
        ("address", "authorizationSigner", "nmrAddress", "owner", "pendingOwner", "serviceWallet")
    )


def test_staking_on_chain_is_refused(napi: numerapi.NumerAPI, lighthouse: str) -> None:
    number, wallet = napi.get_current_round(), "0x" + 40 * "5"
    assert number is not None
    submission = napi.upload_predictions(df=live_predictions(napi), model_id=lighthouse)
    attempts: list[Any] = [
        lambda: napi.v3_stake_round(number),
        lambda: napi.v3_stake_auth(submission, wallet, max_amount=1),
        lambda: napi.v3_stake_claim(number, lighthouse, wallet),
    ]
    for attempt in attempts:
        with pytest.raises(ValueError, match=r"^Staking v3 is not available for this round$"):
            attempt()
