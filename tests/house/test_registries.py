"""What varies is asked of a registry: nobody compares with the name of an entry."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from numeri_cli.cli.app import COMMANDS
from numeri_cli.schedule.base import SCHEDULERS
from tests.support.comparisons import comparisons_with
from tests.support.sources import PACKAGE, trees


@pytest.mark.parametrize(
    "line",
    [
        'if system == "cron": ...',
        'if "cron" != system: ...',
        'if system in ("cron", "systemd"): ...',
        "if system == CRON: ...",
        "if system is Systems.clock: ...",
        'match system:\n    case "cron": ...',
        'ways = {"cron": 1}',
        'system.startswith("cron")',
    ],
)
def test_a_planted_comparison_is_found(line: str) -> None:
    tree = ast.parse(f'CRON = "cron"\nclass Systems:\n    clock = "cron"\n{line}\n')
    assert comparisons_with({"cron"}, [(Path("planted.py"), tree)]) != []


def test_a_name_that_is_only_said_is_no_comparison() -> None:
    tree = ast.parse('title = "cron"\nhint = "use `--system cron`"\nif name == "else": ...\n')
    assert comparisons_with({"cron"}, [(Path("planted.py"), tree)]) == []


def test_nobody_but_a_scheduler_itself_compares_with_its_name() -> None:
    own = [PACKAGE / "schedule" / name for name in SCHEDULERS]
    files = [
        (path, tree)
        for path, tree in trees()
        if not any(path.is_relative_to(folder) for folder in own)
    ]
    words = set(SCHEDULERS) & set(COMMANDS)  # a command of that name is a key of their table
    assert comparisons_with(set(SCHEDULERS) - words, files) == []
    assert {place.partition(":")[0] for place in comparisons_with(words, files)} <= {"app.py"}
