"""`pytest` alone runs in one process, so that a debugger works; what CI asks for beyond that."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARK = "@pytest.mark." + "core\n"


def test_pytest_alone_starts_no_workers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    words = project["tool"]["pytest"]["ini_options"]["addopts"].split()
    assert "--strict-markers" in words
    assert not {word for word in words if word.startswith(("-n", "--num", "--dist", "--tx"))}
    assert ".venv/bin/pytest -n 4" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_ci_runs_the_core_on_the_lowest_versions_and_on_the_newest_python() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert '"$PWD/.venv/bin/python" --resolution lowest-direct' in script
    assert 'on_other_versions newest "$(newest_python)"' in script
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if MARK in path.read_text()]
    assert len(files) > 10
