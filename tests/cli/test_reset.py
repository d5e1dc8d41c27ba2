"""`numeri practice reset` beside other work."""

from __future__ import annotations

from pathlib import Path

from numeri_cli.home import Home, held_lock
from numeri_cli.practice.furnishing import read_secrets
from numeri_cli.practice.state import Folders
from tests.cli.conftest import Numeri
from tests.cli.refusals import kept, refused


def test_while_a_week_passes_a_reset_removes_nothing(numeri: Numeri, trained: Path) -> None:
    before = kept(trained)
    with held_lock(Folders(trained / "data" / "practice").lock, what="an advance"):
        refused(
            numeri("practice", "reset", "--yes", "--json"),
            exit_code=5,
            code="lock_held",
            sentence="the practice tournament is being advanced",
            cure="run the same command again",
        )
    assert kept(trained) == before
    assert numeri("practice", "reset", "--yes").code == 0
    assert kept(trained / "data") == {}
    assert numeri("practice", "create", "--stocks", 100, "--eras", 40, "--rivals", 3).code == 0


def test_while_a_run_is_at_work_a_reset_removes_nothing(numeri: Numeri, trained: Path) -> None:
    before = kept(trained / "data" / "practice")
    account = read_secrets(Folders(trained / "data" / "practice")).public_id
    with held_lock(Home.find().lock("practice", account), what="a run"):
        refused(
            numeri("practice", "reset", "--yes", "--json"),
            exit_code=5,
            code="lock_held",
            sentence="a run in this tournament",
            cure="",
        )
    assert kept(trained / "data" / "practice") == before


def test_what_a_killed_reset_has_left_is_removed_by_the_next(numeri: Numeri, trained: Path) -> None:
    practice = trained / "data" / "practice"
    aside = practice.rename(practice.with_name(".practice.removed"))
    assert numeri("practice", "reset", "--yes").code == 0
    assert not aside.exists()
    assert numeri("practice", "reset", "--yes").code == 1
