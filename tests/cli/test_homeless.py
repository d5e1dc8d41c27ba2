"""A user without HOME and without an account on the machine, as containers have them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLACES = ("HOME", "NUMERI_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
DRIVER = """
import pwd, os, sys
def nobody(number): raise KeyError(number)
pwd.getpwuid = nobody
from numeri_cli.__main__ import main
sys.exit(main())
"""


def as_nobody(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call the program where the system knows no such user."""
    kept = {name: value for name, value in os.environ.items() if name not in PLACES}
    return subprocess.run(
        [sys.executable, "-c", DRIVER, *words],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("words", [("status",), ("run", "--json"), ("schedule", "show")])
def test_who_has_no_home_is_told_of_numeri_home(words: tuple[str, ...]) -> None:
    done = as_nobody(*words)
    said = done.stdout + done.stderr
    assert done.returncode == 2
    assert "Traceback" not in said
    assert "set NUMERI_HOME to a folder" in said
    assert not list(Path().iterdir())


def test_numeri_home_is_enough(tmp_path: Path) -> None:
    done = as_nobody("practice", "status", NUMERI_HOME=str(tmp_path / "elsewhere"))
    assert "Traceback" not in done.stderr
    assert "NUMERI_HOME" not in done.stdout + done.stderr
