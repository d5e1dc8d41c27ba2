"""A newcomer's first run waits for no rival; what needs them makes them."""

from __future__ import annotations

from pathlib import Path

from numeri_cli.practice.tournament import Tournament
from tests.support.runner import Numeri
from tests.support.tournaments import SETTINGS


def test_a_run_trains_no_rival_and_validate_and_advance_train_them(
    numeri: Numeri, home: Path
) -> None:
    root = home / "data" / "practice"

    def has_field() -> bool:
        return Tournament.open(root).world().has_field

    Tournament.create(root, SETTINGS, field=False).close()
    said = numeri("run", "--tournament", "practice")
    assert said.code == 0, said.err
    assert "accepted, on-time" in said.out
    assert numeri("datasets", "--tournament", "practice").code == 0
    assert not has_field()

    words = ("--tournament", "practice", "--target", "target_ender_20", "--eras", "0049-0055")
    told = numeri("validate", *words, "--json")
    assert told.code == 0, told.out
    assert has_field()
    assert "MMC mean" in [line["label"] for line in told.data["lines"]]
    assert numeri("practice", "advance").code == 0
    assert numeri("run", "--tournament", "practice").code == 0


def test_a_round_may_pass_before_anybody_asked_for_the_rivals(numeri: Numeri, home: Path) -> None:
    Tournament.create(home / "data" / "practice", SETTINGS, field=False).close()
    assert numeri("practice", "advance", "--rounds", 2).code == 0
    found = numeri("practice", "leaderboard", "--top", 99, "--json").data["rows"]
    assert len(found) == SETTINGS.rivals + 3
