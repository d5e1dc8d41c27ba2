"""`numeri practice reset` beside other work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from numeri_cli.home import Home
from numeri_cli.locks import held_lock
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.participants.keys import read_secrets
from tests.support.refusals import kept, refused
from tests.support.runner import Numeri


def advance_lock(practice: Path) -> Path:
    return Folders(practice).lock


def run_lock(practice: Path) -> Path:
    return Home.find().lock("practice", read_secrets(Folders(practice)).public_id)


@pytest.mark.parametrize(
    ("lock_of", "sentence"),
    [
        (advance_lock, "the practice tournament is being advanced"),
        (run_lock, "the practice tournament has a run at work in it"),
    ],
)
def test_while_others_are_at_work_a_reset_removes_nothing(
    numeri: Numeri, trained: Path, lock_of: Callable[[Path], Path], sentence: str
) -> None:
    before = kept(trained)
    with held_lock(lock_of(trained / "data" / "practice"), what="somebody"):
        refused(
            numeri("practice", "reset", "--yes", "--json"),
            exit_code=5,
            code="lock_held",
            sentence=sentence,
            cure="run the same command again",
        )
    assert kept(trained) == before
    assert numeri("practice", "reset", "--yes").code == 0
    assert set(kept(trained / "data")) == {"vouched.json"}  # beside the ledger, of all tournaments
    assert json.loads((trained / "data" / "vouched.json").read_text()) == {"models": []}
    assert numeri("practice", "create", "--stocks", 100, "--eras", 40, "--rivals", 3).code == 0


def test_what_a_killed_reset_has_left_is_removed_by_the_next(numeri: Numeri, trained: Path) -> None:
    practice = trained / "data" / "practice"
    aside = practice.rename(practice.with_name(".practice.removed"))
    assert numeri("practice", "reset", "--yes").code == 0
    assert not aside.exists()
    assert numeri("practice", "reset", "--yes").code == 1
