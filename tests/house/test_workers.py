"""`pytest` alone starts no workers; with `-n`, tests of one group stay in one of them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_pytest_alone_starts_no_workers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    words = project["tool"]["pytest"]["ini_options"]["addopts"].split()
    assert "-q" in words
    assert not {word for word in words if word.startswith(("-n", "--numprocesses", "--tx"))}


@pytest.mark.xdist_group("together")
def test_tests_of_one_group_stay_in_one_worker(request: pytest.FixtureRequest) -> None:
    is_worker = hasattr(request.config, "workerinput")
    assert request.node.nodeid.endswith("@together") == is_worker  # what xdist sorts them by
