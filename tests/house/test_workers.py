"""`pytest` alone runs in one process, so that a debugger works; `-n` asks for workers."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_pytest_alone_starts_no_workers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    words = project["tool"]["pytest"]["ini_options"]["addopts"].split()
    assert "--strict-markers" in words
    assert not {word for word in words if word.startswith(("-n", "--num", "--dist", "--tx"))}
    assert ".venv/bin/pytest -n 4" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
