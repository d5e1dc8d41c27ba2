"""The ledger's file, opened where it is sound; else refused with what is wrong with it."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

from numeri_cli.errors import LedgerDamaged
from numeri_cli.files import disk_errors
from numeri_cli.ledger.migrations import is_current, migrate
from numeri_cli.sqlite import sqlite_errors

BUSY_SECONDS = 30.0
CHECKED_BYTES = 8_000_000  # 30 ms; a larger file is checked as it is read
Identity = tuple[int, int]  # device and number of a file


def connected(path: Path, *, checked_bytes: int = CHECKED_BYTES) -> sqlite3.Connection:
    """A connection to the ledger at `path`, which is made or brought up to date where needed.

    checked_bytes: of a file that is no larger all pages are looked at
    Raises LedgerDamaged, LedgerNewer, DiskFull, PathForbidden, DiskTrouble.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if _is_odd(path):
            raise _damaged(path, "it is no file")
    with readable(path):
        # autocommit: transactions begin and end where the ledger says so
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA trusted_schema = OFF")
            if not is_current(connection):
                migrate(connection)
            _require_sound(connection, path, checked_bytes=checked_bytes)
        except BaseException:
            connection.close()
            raise
    return connection


def of_memory() -> sqlite3.Connection:
    """A connection to an empty ledger that ends with this process."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection)
    return connection


def identity(path: Path) -> Identity | None:
    """What tells the file at `path` from any other; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def readable(path: Path) -> AbstractContextManager[None]:
    """Turn what SQLite refuses concerning the ledger at `path` into errors of ours."""
    return sqlite_errors(path, damaged=lambda error: _damaged(path, str(error)))


def _damaged(path: Path, what: str) -> LedgerDamaged:
    return LedgerDamaged(
        f"the ledger {path} is damaged: {what}",
        hint="move it away and go on; the server still knows your submissions",
    )


def _is_odd(path: Path) -> bool:
    """Whether it is a pipe, a socket or a device, which might keep its reader waiting."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - as it stands: what is not there is no trouble
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _require_sound(connection: sqlite3.Connection, path: Path, *, checked_bytes: int) -> None:
    """Raise LedgerDamaged where pages contradict each other, or tables are not ours."""
    missing = _schema_of_ours() - _schema(connection)
    if missing:
        raise _damaged(path, f"{len(missing)} of its tables are not as numeri made them")
    if path.stat().st_size > checked_bytes:
        return
    found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if found != "ok":
        raise _damaged(path, " ".join(found.split())[:100])


@cache
def _schema_of_ours() -> frozenset[str]:
    connection = of_memory()
    try:
        return _schema(connection)
    finally:
        connection.close()


def _schema(connection: sqlite3.Connection) -> frozenset[str]:
    """The statements that made its tables and indexes."""
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    return frozenset(str(sql) for (sql,) in rows)
