"""Where things live."""

from __future__ import annotations

from pathlib import Path

from numeri_cli.home import Home


def test_everything_lies_under_numeri_home(home: Path) -> None:
    places = Home.find()
    assert places.ledger.is_relative_to(home)
    assert places.binned("practice").is_relative_to(home)
    assert not home.exists()
