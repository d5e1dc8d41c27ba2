"""Computers for one account: on each, all homes of its user see the same places."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.processes import Forked, fork

# where a lock of an account may lie that all homes of one user share
PLACES = (
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
)


class Computer:
    """A user on a computer: of one user all homes see the same places."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def start(self, home: Path) -> Forked:
        """`numeri run --json` for a home."""
        with pytest.MonkeyPatch.context() as patch:
            for name in PLACES:
                place = self.folder / name.lower()
                place.mkdir(exist_ok=True, mode=0o700)
                patch.setenv(name, str(place))
            patch.setenv("NUMERI_HOME", str(home))
            return fork("numeri_cli", "run", "--json")
