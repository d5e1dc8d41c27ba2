"""numeri rounds: beside what was submitted stands how it did, from the ledger alone."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.participant import Participant
from tests.support.runner import Numeri
from tests.support.scored_rounds import point_at, scored_rounds
from tests.support.served import served


def test_scores_payout_and_the_submission_that_counts_stand_beside_a_round(
    numeri: Numeri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "organiser" / "practice"
    tournament = scored_rounds(root)
    mine = Participant.at(tournament, tmp_path / "mine")
    first, second = mine.file(seed=7), mine.file(seed=8)
    mine.close()
    tournament.close()
    with served(root) as server:
        point_at(monkeypatch, server)
        Path("numeri.toml").write_text(
            f'tournament = "{server.address}"\n[models.lighthouse]\nfeatures = "medium"\n'
            'targets = ["target_ender_20"]\n[models.lighthouse.estimator]\nname = "lightgbm"\n',
            encoding="utf-8",
        )
        assert numeri("submit", first, "--model", "lighthouse").code == 0
        replaced = numeri("submit", second, "--model", "lighthouse", "--replace", "--json")
        assert replaced.code == 0, replaced.out
        [before] = numeri("rounds", "--json").data["rounds"][0]["results"]
        assert (before["scores"], before["payout_nmr"]) == ([], None)
        server.tournament.advance(2)
        scores = numeri("scores", "lighthouse", "--json").data["models"][0]
        payouts = numeri("payouts", "lighthouse", "--json").data["rows"]
    said = numeri("rounds", "--csv", "rounds.csv", "--json")
    assert said.code == 0, said.err
    row = said.data["rounds"][0]
    [result] = row["results"]
    assert result["server_id"] == replaced.model["server_id"]
    assert len(row["receipts"]) == 2
    wanted = {
        one["score"]: one for one in scores["open_rounds"] if one["round_number"] == row["number"]
    }
    assert {one["score"]: one for one in result["scores"]} == wanted
    [paid] = [one for one in payouts if one["round_number"] == row["number"]]
    assert Decimal(result["payout_nmr"]) == Decimal(paid["payout_nmr"])
    assert result["payout_state"] == "pending"
    with Path("rounds.csv").open(encoding="utf-8") as file:
        [line] = list(csv.DictReader(file))
    assert float(line["corr60/3"]) == wanted["corr60"]["value"]
    shown = numeri("rounds").out
    assert "corr60" in shown
    assert f"{wanted['corr60']['value']:+.4f}".replace("-", "−") in shown
