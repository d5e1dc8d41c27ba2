"""numeri practice leaderboard, as a person and as a program sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from numeri_cli.practice.tournament import Tournament
from tests.support.runner import Numeri
from tests.support.wire import Wire

pytestmark = pytest.mark.usefixtures("practice")


def test_nobody_is_ranked_before_a_round_has_resolved(numeri: Numeri) -> None:
    said = numeri("practice", "leaderboard")
    assert said.code == 0, said.err
    assert "15 models; none is ranked before the first round resolves" in said.out
    assert said.out.count("yours") == 3


def test_rivals_are_ranked_by_their_resolved_rounds_and_paid_by_them(numeri: Numeri) -> None:
    assert numeri("practice", "advance", "--rounds", 15).code == 0
    said = numeri("practice", "leaderboard", "--top", 4)
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    assert "15 models by their mean CORR60 in 3 resolved rounds" in said.out
    told = numeri("practice", "leaderboard", "--top", 4, "--json").data
    best = [row for row in told["rows"] if not row["is_own"]]
    assert all(row["rank"] is None for row in told["rows"] if row["is_own"])
    assert [row["rank"] for row in best] == [1, 2, 3, 4]
    scores = [row["corr60"] for row in best]
    assert scores == sorted(scores, reverse=True)
    assert sum(row["is_own"] for row in told["rows"]) == 3
    assert all(row["corr60"] is None for row in told["rows"] if row["is_own"])
    ranked = (line for line in said.out.splitlines() if line[:4].strip().isdigit())
    lines = {line.split()[1]: line for line in ranked}
    for row in best:
        assert f"{row['corr60']:+.4f}".replace("-", "−") in lines[row["name"]]
        assert f"{row['return_share']:+.1%}".replace("-", "−") in lines[row["name"]]
        # a round risks a thirteenth of the stake and pays by 3 CORR60 and 15 MMC60, clipped
        assert abs(row["return_share"]) <= 3 / 13
        assert (row["return_share"] > 0) == (float(row["earned_nmr"]) > 0)


def test_accounts_are_ranked_with_all_their_models(numeri: Numeri) -> None:
    assert numeri("practice", "advance", "--rounds", 14).code == 0
    said = numeri("practice", "leaderboard", "--accounts", "--top", 3)
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    assert "13 accounts by the stake-weighted mean CORR60 in 2 resolved rounds" in said.out
    assert said.out.count("yours") == 1
    told = numeri("practice", "leaderboard", "--accounts", "--top", 3, "--json").data
    assert (told["of"], told["entrants"], told["resolved_rounds"]) == ("accounts", 13, 2)
    *best, own = told["rows"]
    assert [row["rank"] for row in best] == [1, 2, 3]
    assert (own["name"], own["is_own"], own["rank"]) == ("newcomer", True, None)
    models = numeri("practice", "leaderboard", "--top", 3, "--json").data
    assert models["of"] == "models"
    assert best == [row for row in models["rows"] if not row["is_own"]]  # each has one model


def test_everybody_is_compared_with_a_model_of_ones_own(numeri: Numeri, practice: Path) -> None:
    tournament = Tournament.open(practice)
    with Wire.inside(tournament) as wire:
        wire.submit(wire.predictions(), model=wire.model("lighthouse"))
    tournament.close()
    assert numeri("practice", "advance", "--rounds", 15).code == 0
    said = numeri("practice", "leaderboard", "--with", "lighthouse", "--json")
    assert said.code == 0, said.err
    assert said.data["beside"] == "lighthouse"
    scores = {row["name"]: row["corr60"] for row in said.data["rows"]}
    for row in said.data["rows"]:
        known = row["corr60"] is not None
        assert row["corr60_lead"] == (row["corr60"] - scores["lighthouse"] if known else None)
    shown = numeri("practice", "leaderboard", "--with", "lighthouse").out
    assert "lead: CORR60 less that of lighthouse" in shown
    assert max(map(len, shown.splitlines())) <= 80
    plain = numeri("practice", "leaderboard", "--json").data
    assert plain["beside"] is None
    assert {row["corr60_lead"] for row in plain["rows"]} == {None}
    fund = numeri("practice", "fund", "--with", "lighthouse", "--json").data
    assert [one["role"] for one in fund["funds"]] == ["meta model", "in-house", "best rival", "own"]
    assert (fund["funds"][3]["name"], fund["period"]["first_era"]) == ("lighthouse", 61)
    ends = [one["net"][-1] for one in fund["funds"]]
    assert len(set(ends)) == 4
    twice = ("--with", "lighthouse", "--with", "lighthouse")
    assert len(numeri("practice", "fund", *twice, "--json").data["funds"]) == 4
    table = numeri("practice", "fund", "--with", "lighthouse").out
    assert max(map(len, table.splitlines())) <= 80
    assert "own: lighthouse; where nothing of it came in time" in " ".join(table.split())
    early = numeri("practice", "fund", "--with", "lighthouse", "--from-era", 58, "--json")
    assert (early.code, early.json["error"]["code"]) == (1, "practice_settings")
    assert "had submitted nothing in time before round 61" in early.json["error"]["message"]


def test_only_ones_own_models_stand_beside_the_others(numeri: Numeri) -> None:
    for words in (("leaderboard",), ("fund",)):
        stranger = numeri("practice", *words, "--with", "lighthose", "--json")
        assert (stranger.code, stranger.json["error"]["code"]) == (1, "model_unknown")
        assert "lighthouse" in stranger.json["error"]["hint"]
    early = numeri("practice", "fund", "--with", "lighthouse", "--json")
    assert "has not submitted in time" in early.json["error"]["message"]
    both = numeri("practice", "leaderboard", "--accounts", "--with", "lighthouse", "--json")
    assert (both.code, both.json["error"]["code"]) == (2, "usage")
