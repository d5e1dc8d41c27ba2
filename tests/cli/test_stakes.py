"""numeri stakes: which round holds how much of a stake."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.runner import Numeri
from tests.support.scored_rounds import STAKES
from tests.support.served import Served

pytestmark = pytest.mark.usefixtures("past")


def test_every_part_of_a_stake_is_accounted_for(numeri: Numeri, past: Served) -> None:
    said = numeri("stakes", "--csv", "stakes.csv", "--json")
    assert said.code == 0, said.err
    stakes = {one.name: one.stake_nmr for one in past.tournament.status().models}
    for one in said.data["models"]:
        stake = Decimal(one["stake_nmr"])
        assert stake == stakes[one["model"]]
        assert Decimal(one["at_risk_nmr"]) + Decimal(one["free_nmr"]) == stake
        assert STAKES.get(one["model"], 0) + Decimal(one["settled_nmr"]) == stake
        pending = [row for row in one["rounds"] if row["state"] == "pending"]
        at_risk = sum(Decimal(row["at_risk_nmr"]) for row in pending)
        assert at_risk == Decimal(one["at_risk_nmr"])
        assert [row["share"] for row in pending] == pytest.approx(
            [float(Decimal(row["at_risk_nmr"]) / stake) for row in pending]
        )
        burned = sum(
            Decimal(row["payout_nmr"])
            for row in one["rounds"]
            if row["state"] == "settled" and Decimal(row["payout_nmr"]) < 0
        )
        assert Decimal(one["burned_nmr"]) == burned
        if one["days"]:
            assert Decimal(one["days"][-1]["stake_nmr"]) == stake
    with Path("stakes.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == sum(len(one["rounds"]) for one in said.data["models"]) > 30


def test_what_only_the_website_shows_is_named(numeri: Numeri) -> None:
    said = numeri("stakes", "lighthouse")
    assert said.code == 0, said.err
    assert "claims and the debt of netted burns are shown on the website alone" in said.out


def test_a_model_that_the_account_has_not_is_named_with_the_nearest(numeri: Numeri) -> None:
    said = numeri("stakes", "lighthose", "--json")
    assert (said.code, said.json["error"]["code"]) == (1, "model_unknown")
    assert "lighthouse" in said.json["error"]["hint"]
