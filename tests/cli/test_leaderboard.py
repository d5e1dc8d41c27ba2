"""numeri practice leaderboard, as a person and as a program sees it."""

from __future__ import annotations

import pytest

from tests.support.runner import Numeri

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
