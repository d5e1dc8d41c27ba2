"""The README's commands are the ones that are run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_ci_runs_the_readmes_test_command() -> None:
    command = "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest -n 4"
    assert command in README.splitlines()
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_every_command_stands_in_the_readme() -> None:
    from numeri_cli.cli.app import application

    registered = {command.name for command in application(()).registered_commands}
    groups = {
        group.typer_instance.info.name
        for group in application(()).registered_groups
        if group.typer_instance
    }
    table = README[README.index("| command |") : README.index("Every command takes")]
    named = set(re.findall(r"`([a-z-]+)`", table))
    assert {str(name) for name in registered | groups} <= named


def test_every_exit_code_stands_in_the_readme() -> None:
    from numeri_cli.errors import ExitCode

    table = README[README.index("| exit |") : README.index("Of several models")]
    numbers = {int(number) for number in re.findall(r"\b(\d+)\b", table)}
    assert {int(code) for code in ExitCode} <= numbers


def test_every_path_in_the_readme_leads_to_something() -> None:
    named = re.findall(r"`([\w./-]+/[\w./-]*|[\w-]+\.md)`|\]\(([^:)]+)\)", README)
    paths = {path for pair in named for path in pair if path and not path.endswith("/X")}
    assert {"schedule/base.py", "cli/run", "numeri_cli/guide/how-it-works.md"} <= paths
    shelves = (ROOT, ROOT / "numeri_cli", ROOT / "tests" / "studies")
    ways = {path: [shelf / path for shelf in shelves] for path in paths}
    assert {
        path
        for path, places in ways.items()
        if not any(place.exists() or place.with_suffix(".py").exists() for place in places)
    } == set()
