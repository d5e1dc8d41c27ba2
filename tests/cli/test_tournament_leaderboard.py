"""numeri leaderboard: the server's ranks, with oneself among them."""

from __future__ import annotations

import pytest

from tests.support.runner import KEY_VARIABLES, Numeri
from tests.support.served import Served
from tests.support.wire import Wire

BOARD = "{ v2Leaderboard(limit: 100) { rank username corr60Rep mmc60Rep return52Weeks } }"


def test_the_board_is_the_servers_with_oneself_below_the_best(numeri: Numeri, past: Served) -> None:
    with Wire.inside(past.tournament) as wire:
        rows = wire.data(BOARD)["v2Leaderboard"]
    told = numeri("leaderboard", "--top", 2, "--json").data
    assert told["entrants"] == len(rows) == 15
    best = [row["username"] for row in rows[:2]]
    own = {"lighthouse", "beacon", "harbour"}
    assert [row["name"] for row in told["rows"]][:2] == best
    assert {row["name"] for row in told["rows"] if row["is_own"]} == own
    assert {row["name"] for row in told["rows"]} == {*best, *own}
    by_name = {row["username"]: row for row in rows}
    for row in told["rows"]:
        wanted = by_name[row["name"]]
        assert (row["rank"], row["corr60"], row["mmc60"], row["return_1y"]) == (
            wanted["rank"], wanted["corr60Rep"], wanted["mmc60Rep"], wanted["return52Weeks"],
        )  # fmt: skip


def test_somebody_is_compared_with_the_best_without_keys(
    numeri: Numeri, past: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEY_VARIABLES:
        if name != "NUMERI_API_URL":
            monkeypatch.delenv(name, raising=False)
    everybody = numeri("leaderboard", "--top", 100, "--json").data["rows"]
    last = everybody[-1]["name"]
    told = numeri("leaderboard", "--top", 1, "--of", last, "--csv", "board.csv", "--json").data
    assert [(row["name"], row["is_asked"]) for row in told["rows"]] == [
        (everybody[0]["name"], False),
        (last, True),
    ]
    assert not any(row["is_own"] for row in told["rows"])
    nobody = numeri("leaderboard", "--of", "tidepool", "--json")
    assert (nobody.code, nobody.json["error"]["code"]) == (1, "model_unknown")


@pytest.mark.usefixtures("past")
def test_accounts_have_a_board_of_their_own(numeri: Numeri) -> None:
    told = numeri("leaderboard", "--accounts", "--json").data
    assert told["of"] == "accounts"
    [own] = [row for row in told["rows"] if row["is_own"]]
    assert own["name"] == "newcomer"
