"""What every refusal of a command has in common, and what is left on disk after it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.support.said import Said

# Locks, SQLite's own files and the log are no work of anybody's.
_PASSING = (".lock", ".sqlite", ".sqlite-wal", ".sqlite-shm", ".jsonl")


def refused(said: Said, *, exit_code: int, code: str, sentence: str, cure: str) -> None:
    """Check the one JSON object of a command that failed."""
    assert said.code == exit_code, said
    assert said.err == ""
    assert said.out.count("\n") == 1
    assert list(said.json) == ["version", "command", "status", "data", "error"]
    assert said.json["status"] == ("failed" if exit_code in (4, 130, 143) else "refused")
    error = said.json["error"]
    assert list(error) == ["code", "message", "hint"]
    assert error["code"] == code, error
    assert sentence in error["message"]
    assert "\n" not in error["message"]
    assert not error["message"].endswith(".")
    assert cure in error["hint"]


def kept(folder: Path) -> dict[str, str]:
    """Every file under a folder that holds somebody's work, with its digest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(_PASSING)
    }


def halves(folder: Path) -> list[str]:
    """Files and folders that were begun and never finished."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.name.startswith(".") and path.name.endswith((".part", ".building"))
    ]
