"""A command that is suggested works as it is pasted, whatever the program was called by."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from numeri_cli.output.program import as_called, command_as_called


@pytest.fixture
def environment() -> Path:
    """A virtual environment in this folder, with the program."""
    program = Path(".venv/bin/numeri")
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    return program


@pytest.mark.parametrize(
    ("typed", "on_path", "shown"),
    [
        (".venv/bin/numeri", False, ".venv/bin/numeri"),
        (".venv/bin/numeri", True, "numeri"),
        ("two words/numeri", False, "'two words/numeri'"),
        ("numeri", False, "numeri"),
        ("/somewhere/pytest", False, "numeri"),
    ],
)
def test_commands_are_suggested_as_the_program_was_called(
    environment: Path, monkeypatch: pytest.MonkeyPatch, typed: str, on_path: bool, shown: str
) -> None:
    monkeypatch.setattr("sys.argv", [typed])
    monkeypatch.setenv("PATH", str(environment.parent.absolute()) if on_path else os.devnull)
    assert command_as_called("numeri run --wait 50m") == f"{shown} run --wait 50m"
    assert command_as_called("git status") == "git status"
    assert as_called("`numeri train` or `ls`") == f"`{shown} train` or `ls`"


def test_another_numeri_on_the_path_is_not_meant(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path("elsewhere/numeri").absolute()
    other.parent.mkdir()
    other.touch(mode=0o755)
    monkeypatch.setattr("sys.argv", [str(environment)])
    monkeypatch.setenv("PATH", str(other.parent))
    assert command_as_called("numeri run") == ".venv/bin/numeri run"
