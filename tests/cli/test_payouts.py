"""numeri payouts: what is shown is what was paid, to the last of 18 places."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from numeri_cli.output.formats import nmr
from numeri_cli.practice.participants import accounts
from numeri_cli.practice.rounds.terms import RoundTerms, keep_terms
from tests.support.runner import Numeri
from tests.support.scored_rounds import LATE_ROUND, STAKES
from tests.support.served import Served

MOVES = """SELECT round, models.name, amount_nmr, at_risk_nmr FROM stake_moves
    JOIN models ON models.id = stake_moves.model_id
    JOIN entries USING (round, model_id) WHERE models.name IN ('lighthouse', 'beacon')"""


def moved(server: Served) -> dict[tuple[int, str], Decimal]:
    """By round and model, how its stake changed when the round was settled."""
    with server.tournament.store.reading() as connection:
        rows = connection.execute(MOVES).fetchall()
    return {(row["round"], row["name"]): Decimal(row["amount_nmr"]) for row in rows}


def test_what_is_shown_is_the_formula_and_the_change_of_the_stake_to_18_places(
    numeri: Numeri, past: Served
) -> None:
    told = numeri("payouts", "--json").data
    settled = {
        (row["round_number"], row["model"]): row
        for row in told["rows"]
        if row["state"] == "settled"
    }
    changes = moved(past)
    first = min(number for number, _ in settled)
    late = settled.pop((first + LATE_ROUND, "lighthouse"))
    assert Decimal(late["at_risk_nmr"]) == Decimal(late["payout_nmr"]) == 0
    assert settled.keys() == changes.keys()
    assert len(settled) == 15
    for place, row in settled.items():
        assert Decimal(row["payout_nmr"]) == changes[place]
        assert Decimal(row["formula_nmr"]) == changes[place]
        assert Decimal(row["listed_nmr"]) == changes[place]
        assert row["differs"] is False
    clipped = [
        row
        for row in settled.values()
        if abs(Decimal(row["payout_nmr"])) == Decimal(row["at_risk_nmr"])
    ]
    assert len(clipped) > 2
    assert any(change < 0 for change in changes.values())
    assert told["differing"] == 0


def test_sums_add_up_by_model_and_account_and_with_the_stake(numeri: Numeri, past: Served) -> None:
    told = numeri("payouts", "--json").data
    stakes = {one.name: one.stake_nmr for one in past.tournament.status().models}
    for one in told["models"]:
        own = [row for row in told["rows"] if row["model"] == one["model"]]
        for state in ("settled", "pending"):
            found = sum(Decimal(row["payout_nmr"]) for row in own if row["state"] == state)
            assert Decimal(one[f"{state}_nmr"]) == found
        before = STAKES.get(one["model"], Decimal(0))
        assert before + Decimal(one["settled_nmr"]) == stakes[one["model"]]
    for name in ("settled_nmr", "burned_nmr", "pending_nmr"):
        assert Decimal(told[name]) == sum(Decimal(one[name]) for one in told["models"])
    due = sum(Decimal(one["pending_nmr"]) for one in told["pending_by_date"])
    assert due == Decimal(told["pending_nmr"]) != 0


def test_a_planted_wrong_payout_is_marked_with_both_figures(
    numeri: Numeri, changeable: Served
) -> None:
    (number, model), right = next(iter(moved(changeable).items()))
    wrong = right + Decimal("0.000000000000000002")
    with changeable.tournament.store.writing() as connection:
        connection.execute(
            "UPDATE stake_moves SET amount_nmr = ? WHERE round = ? AND model_id ="
            " (SELECT id FROM models WHERE name = ?)",
            (f"{wrong:f}", number, model),
        )
    told = numeri("payouts", "--json").data
    [marked] = [row for row in told["rows"] if row["differs"]]
    assert (marked["round_number"], marked["model"]) == (number, model)
    assert Decimal(marked["payout_nmr"]) == wrong
    assert Decimal(marked["formula_nmr"]) == right
    assert told["differing"] == 1
    shown = numeri("payouts").out
    assert f"round {number}, {model}: paid" in shown
    assert f"by its formula {nmr(right)}" in shown


@pytest.mark.usefixtures("past")
def test_the_table_for_taxes_has_a_line_for_each_settled_payout(numeri: Numeri) -> None:
    said = numeri("payouts", "--csv", "taxes.csv", "--json")
    settled = [row for row in said.data["rows"] if row["state"] == "settled"]
    with Path("taxes.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["date", "round", "model", "nmr", "price_usd"]
    assert [(line["round"], line["model"], Decimal(line["nmr"])) for line in lines] == [
        (str(row["round_number"]), row["model"], Decimal(row["payout_nmr"]))
        for row in reversed(settled)
    ]
    assert {line["price_usd"] for line in lines} == {""}  # practice NMR has no price
    assert lines[0]["date"] == "2026-04-02"


@pytest.mark.usefixtures("past")
def test_payouts_are_shown_whole_and_copied_whole(
    numeri: Numeri, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    narrow = numeri("payouts").out
    monkeypatch.setenv("COLUMNS", "120")
    assert numeri("payouts").out == narrow
    assert max(map(len, narrow.splitlines())) <= 80
    assert "resolves on" in narrow
    assert "of it burned" in narrow


def test_two_accounts_on_one_machine_are_told_apart(
    numeri: Numeri, changeable: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = numeri("payouts", "--json").data
    key = accounts.new_key()
    with changeable.tournament.store.writing() as connection:
        moment = changeable.tournament.now()
        other = accounts.add_account(
            connection, "neighbour", email=None, available_nmr=Decimal(0), moment=moment
        )
        accounts.add_key(connection, other, key=key, name="numeri", scopes=accounts.SCOPES)
        accounts.add_model(connection, other, name="pier", moment=moment)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", key.public_id)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", key.secret)
    theirs = numeri("payouts", "--json").data
    assert (mine["account"], theirs["account"]) == ("newcomer", "neighbour")
    assert [one["model"] for one in theirs["models"]] == ["pier"]
    assert theirs["rows"] == []
    assert "no round has money in it yet" in numeri("payouts").out


def test_keys_without_the_scope_are_told_which_they_lack(
    numeri: Numeri, past: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id, secret = past.tournament.add_key(name="poor", scopes=("upload_submission",))
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", public_id)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", secret)
    said = numeri("payouts", "--json")
    assert (said.code, said.json["error"]["code"]) == (3, "scope_missing")
    assert "read_user_info" in said.json["error"]["hint"]
    assert "`numeri payouts` needs it" in said.json["error"]["hint"]


def test_rounds_that_paid_on_20_days_add_up_beside_those_of_60(
    numeri: Numeri, changeable: Served
) -> None:
    earlier = RoundTerms(
        multipliers={"v2_corr20": Decimal("0.75"), "mmc": Decimal("2.25")},
        clip_threshold=Decimal("0.05"),
        payout_factor=Decimal("0.35"),
        stake_threshold_nmr=Decimal(72_000),
    )
    with changeable.tournament.store.writing() as connection:
        connection.execute("DELETE FROM terms WHERE round IN (69, 70)")
        for number in (69, 70):
            keep_terms(connection, number, terms=earlier)
    changeable.tournament.advance(3)  # 69, 70 and 71 resolve
    told = numeri("payouts", "--json").data
    changes = moved(changeable)
    settled = {
        (row["round_number"], row["model"]): row
        for row in told["rows"]
        if row["state"] == "settled" and Decimal(row["payout_nmr"])
    }
    assert {number for number, _ in settled} >= {69, 70, 71}
    for place, change in changes.items():
        assert Decimal(settled[place]["payout_nmr"]) == change
        assert Decimal(settled[place]["formula_nmr"]) == change
    for number in (69, 70):
        row = settled[number, "beacon"]
        assert abs(Decimal(row["payout_nmr"])) <= Decimal(row["at_risk_nmr"]) * Decimal("0.05")
    assert told["differing"] == 0
