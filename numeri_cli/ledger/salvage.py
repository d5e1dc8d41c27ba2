"""What can still be read of a ledger that is damaged, or that a newer numeri wrote.

Rows that the server tells again by itself, such as scores, are left to it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from numeri_cli.files import disk_errors

# nobody else has these, and each row stands for itself
SALVAGED = (
    "models",
    "receipts",
    "attempts",
    "rounds",
    "files",
    "live_ids",
    "data_versions",
    "retrainings",
    "hosted_uploads",
    "trials",
    "hold_out_looks",
    "payouts",
    "stakes",
    "prices",
)
BESIDE = ("-journal", "-wal", "-shm")  # SQLite's own files, by what follows the ledger's name
READING_SECONDS = 10.0
_STEPS = 10_000  # of SQLite's machine between two looks at the clock
_WITHOUT_ROWID = "payouts"

Row = tuple[object, ...]


def salvage(source: Path, into: sqlite3.Connection) -> int:
    """Copy every row that can be read and means something; how many there were.

    source: stays as it is, byte for byte: what is read is a copy
    Raises DiskFull, PathForbidden, DiskTrouble where no copy can be made.
    """
    if not source.is_file():
        return 0
    near = source.parent if os.access(source.parent, os.W_OK | os.X_OK) else None
    with disk_errors(source), tempfile.TemporaryDirectory(dir=near) as folder:
        copy = Path(folder) / source.name
        for end in ("", *BESIDE[:2]):
            part = source.with_name(source.name + end)
            if part.is_file():
                shutil.copyfile(part, copy.with_name(copy.name + end))
        with closing(sqlite3.connect(copy, isolation_level=None)) as damaged:
            # what cannot be read as text is seen as such, and left
            damaged.text_factory = lambda raw: raw.decode(errors="replace")
            until = time.monotonic() + READING_SECONDS
            damaged.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            return sum(_copied(table, damaged, into) for table in SALVAGED)


def _copied(table: str, source: sqlite3.Connection, into: sqlite3.Connection) -> int:
    wanted = _columns(table, into)
    try:
        columns = [name for name in _columns(table, source) if name in wanted]
    except sqlite3.Error:
        return 0
    if not columns:
        return 0
    statement = (
        f"INSERT OR IGNORE INTO {table} ({', '.join(columns)})"  # noqa: S608  # our own names
        f" VALUES ({', '.join('?' * len(columns))})"
    )
    count = 0
    into.execute("BEGIN IMMEDIATE")
    for row in _rows(table, columns, source):
        if not _means_something(dict(zip(columns, row, strict=True))):
            continue
        with suppress(sqlite3.IntegrityError, OverflowError):  # of a type that the table forbids
            count += into.execute(statement, row).rowcount
    into.execute("COMMIT")
    return count


def _columns(table: str, connection: sqlite3.Connection) -> list[str]:
    """Names of a table's columns; "of", which is none of these, would need quotes."""
    return [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]


def _rows(table: str, columns: list[str], source: sqlite3.Connection) -> Iterator[Row]:
    """From the first to where it breaks off, then from the last back to there."""
    question = f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608  # our own names
    for order in ("", " ORDER BY rowid DESC"):
        if order and table == _WITHOUT_ROWID:
            return
        try:
            yield from source.execute(question + order)
        except sqlite3.Error:
            continue
        return


def _is_time(value: str) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None


def _is_day(value: str) -> bool:
    return bool(date.fromisoformat(value))


def _is_amount(value: str) -> bool:
    return Decimal(value).is_finite()


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(("open_time", "deadline", "seen", "time", "started", "updated"), _is_time),
    **dict.fromkeys(("first_seen", "resolve_date"), _is_time),
    "day": _is_day,
    **dict.fromkeys(("amount_nmr", "stake_nmr", "usd"), _is_amount),
}


def _means_something(row: Mapping[str, object]) -> bool:
    """Whether its texts are texts, its times times and its amounts amounts."""
    for name, value in row.items():
        if not isinstance(value, str):
            continue
        if "\ufffd" in value:
            return False
        check = _CHECKS.get(name)
        try:
            if check is not None and not check(value):
                return False
        except (ValueError, ArithmeticError):
            return False
    return True
