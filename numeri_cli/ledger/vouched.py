"""Which artifacts the ledger vouches for, in a second file: what is opened hangs on it.

Opening some artifacts runs code, so that only what this machine trained is opened. The ledger
knows which those are. Where it is lost, this file does; it is read then and at no other time.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from pathlib import Path

from numeri_cli.errors import DiskError
from numeri_cli.files import read_json_object, write_text

NAME = "vouched.json"
COLUMNS = ("tournament", "model", "artifact", "digest", "time")
_LARGEST_BYTES = 64_000_000


def note_vouched(ledger_path: Path, connection: sqlite3.Connection) -> None:
    """Write down what the ledger vouches for now.

    A disk that does not take it leaves the ledger's own word, which has been written already.
    """
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM models").fetchall()  # noqa: S608  # our own names
    if not rows and not is_noted(ledger_path):
        return
    text = json.dumps({"models": [list(row) for row in rows]})
    with suppress(DiskError):
        write_text(ledger_path.with_name(NAME), text + "\n", mode=0o600)


def is_noted(ledger_path: Path) -> bool:
    """Whether there is such a file beside the ledger."""
    return ledger_path.with_name(NAME).exists()


def vouched_rows(ledger_path: Path) -> tuple[tuple[str, ...], ...]:
    """What was written down last; none where nothing can be read."""
    path = ledger_path.with_name(NAME)
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return ()
    except OSError:
        return ()
    rows = read_json_object(path).get("models")
    if not isinstance(rows, list):
        return ()
    return tuple(
        tuple(row)
        for row in rows
        if isinstance(row, list)
        and len(row) == len(COLUMNS)
        and all(isinstance(value, str) for value in row)
    )
