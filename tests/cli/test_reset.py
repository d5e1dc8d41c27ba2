"""`numeri practice reset` beside other work."""

from __future__ import annotations

from pathlib import Path

from numeri_cli.home import held_lock
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
