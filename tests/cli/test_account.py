"""numeri account: models, money and ranks are the server's."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.runner import Numeri
from tests.support.scored_rounds import lose_patience, serving
from tests.support.served import Served


def test_the_account_is_told_as_the_tournament_has_it(numeri: Numeri, past: Served) -> None:
    said = numeri("account", "--csv", "account.csv", "--json")
    assert said.code == 0, said.err
    status = past.tournament.status()
    told = said.data
    assert told["account"] == "newcomer"
    assert Decimal(told["available_nmr"]) == status.available_nmr
    staked = {one.name: one.stake_nmr for one in status.models if one.stake_nmr}
    shown = {one["model"]: one for one in told["models"]}
    assert shown.keys() == {"lighthouse", "beacon", "harbour"}
    assert shown["harbour"]["stake_nmr"] is None  # as the server has it where nothing is staked
    for name, stake in staked.items():
        assert Decimal(shown[name]["stake_nmr"]) == stake
        assert isinstance(shown[name]["corr60_rank"], int)
        assert shown[name]["return_1y"] is not None
    with past.tournament.store.reading() as connection:
        held = connection.execute(
            "SELECT round, models.name, at_risk_nmr FROM entries JOIN models ON models.id ="
            " model_id WHERE models.name IN ('lighthouse', 'beacon') AND round NOT IN"
            " (SELECT round FROM settlements WHERE horizon_days = 60)"
        ).fetchall()
    at_risk = sum(Decimal(row["at_risk_nmr"]) for row in held)
    assert Decimal(told["at_risk_nmr"]) == at_risk
    assert sum(Decimal(one["at_risk_nmr"]) for one in told["open_rounds"]) == at_risk
    with Path("account.csv").open(encoding="utf-8") as file:
        assert [line["model"] for line in csv.DictReader(file)] == sorted(shown)


def test_without_the_server_the_account_is_shown_as_it_was(
    numeri: Numeri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, monkeypatch):
        online = {word: numeri(word, "--json").data for word in ("account", "stakes")}
        board = numeri("leaderboard", "--json").data
    lose_patience()
    for word, before in online.items():
        gone = numeri(word, "--json")
        assert gone.code == 0, gone.err
        assert gone.data == {**before, "offline": True}
    assert numeri("leaderboard", "--json").data == {**board, "offline": True}
    assert numeri("leaderboard", "--accounts", "--json").json["error"]["code"] == "unreachable"
    assert "the server could not be asked" in numeri("account").out


def test_tables_fit_and_are_whole_at_every_width(
    numeri: Numeri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = "a_name_of_20_letters"
    words = ("account", "stakes", "leaderboard", "payouts")
    monkeypatch.setenv("COLUMNS", "60")
    with serving(tmp_path, monkeypatch) as server:
        with server.tournament.store.writing() as connection:
            connection.execute("UPDATE models SET name = ? WHERE name = 'lighthouse'", (longest,))
        narrow = {word: numeri(word).out for word in words}
    lose_patience()  # what is known shows the same, and no row is brought again
    for word in words:
        shown = [narrow[word]]
        for columns in ("80", "120"):
            monkeypatch.setenv("COLUMNS", columns)
            shown.append(numeri(word).out)
        tables = [[line for line in text.splitlines() if "  " in line] for text in shown]
        assert tables[0] == tables[1] == tables[2], word
        assert max(map(len, tables[0])) <= 80, word
        assert longest in shown[0]
        assert "as of Sat 23 May 12:05 UTC 2026" in shown[0]
