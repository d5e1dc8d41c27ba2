"""At the top of the repository stands what a newcomer has to look at, and nothing else."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.sources import ROOT

NAMES = {"pyproject.toml", "numeri_cli", "tests", "README.md", "LICENSE"}


def test_nothing_else_is_kept_at_the_top_but_dot_files() -> None:
    words = ["git", "ls-tree", "--name-only", "HEAD"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(f"no repository that git would read: {listed.stderr[:200]}")
    assert {name for name in listed.stdout.split() if name[0] != "."} == NAMES
