"""Advances tournaments in processes that kill themselves.

`python -m tests.support.dying ROOT:MOMENT …`

For every moment a copy of the tournament is opened and advanced by a child, which ends by SIGKILL
as soon as the moment has come; another child opens what is left, notes it, and advances again if
the round has not passed. A moment is the name of a step, or the number of a trace: a file that is
about to get its name, to be removed, or a transaction that is about to begin.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import lightgbm  # noqa: F401 - once, before the children

from numeri_cli.practice.tournament import Tournament
from numeri_cli.progress import Silent

TRACES = ("os.rename", "os.remove", "sqlite3.connect")


class Killer(Silent):
    """Ends the process at a step."""

    def __init__(self, moment: str) -> None:
        self.moment = moment

    def step(self, name: str) -> None:
        """Kill where it is the one."""
        if name == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)


def kill_at_trace(number: int) -> None:
    """Kill at the so manieth trace from now on."""
    left = number

    def watch(event: str, _: Any) -> None:
        nonlocal left
        if event in TRACES:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def rows(root: Path) -> dict[str, str]:
    """Digest of the rows of each table."""
    with closing(sqlite3.connect(root / "tournament.sqlite")) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: _digest(repr(connection.execute(f"SELECT * FROM {name}").fetchall()).encode())  # noqa: S608 - names out of the store itself
            for name in names
        }


def files(root: Path) -> dict[str, str]:
    """Digest of each file of the world and of each submission."""
    return {
        str(path.relative_to(root)): _digest(path.read_bytes())
        for folder in ("world", "submissions")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file()
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def advanced(root: Path, moment: str) -> None:
    """Advance by a week, unless the moment comes."""
    if moment.isdecimal():
        kill_at_trace(int(moment))
    Tournament.open(root).advance(listener=Killer(moment))


def finished(root: Path, round_number: int) -> dict[str, object]:
    """What is left when it is opened, and when the round has passed."""
    tournament = Tournament.open(root)
    status = tournament.status()
    left = {"round": status.round_number, "open": status.is_open, "rows": rows(root)}
    if status.round_number == round_number:
        tournament.advance()
    return {**left, "end": {**rows(root), **files(root)}}


def _in_a_child(work: Any, *arguments: Any) -> tuple[int, bytes]:
    """How a forked child ended, and what it wrote."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, json.dumps(work(*arguments)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def main(cases: list[str]) -> None:
    """Print, a line each, how the child ended and what the next one found and made of it."""
    for case in cases:
        name, _, moment = case.rpartition(":")
        root = Path(name)
        copy = root.with_name(f"{root.name}-{moment}")
        shutil.copytree(root, copy)
        number = Tournament.open(copy).status().round_number
        code, _ = _in_a_child(advanced, copy, moment)
        _, said = _in_a_child(finished, copy, number)
        sys.stdout.write(json.dumps({"case": case, "code": code, **json.loads(said)}) + "\n")
        sys.stdout.flush()
        shutil.rmtree(copy)


if __name__ == "__main__":
    main(sys.argv[1:])
