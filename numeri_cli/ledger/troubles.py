"""SQLite's troubles as errors of our tree."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numeri_cli.errors import DiskFull, DiskTrouble, LedgerDamaged, PathForbidden

_ACCESS = "give this user access to it and its folder, or set NUMERI_HOME to a folder of your own"


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's troubles as errors of our tree."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _error(error, path) from error


def _error(
    error: sqlite3.DatabaseError, path: Path
) -> LedgerDamaged | DiskFull | PathForbidden | DiskTrouble:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(
            f"the disk is full: {path} could not be written",
            hint="free some space and run the same command again; nothing was lost",
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return PathForbidden(f"no permission for {path}", hint=_ACCESS)
    if code == sqlite3.SQLITE_CANTOPEN:
        return PathForbidden(f"{path} cannot be opened", hint=_ACCESS)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DiskTrouble(
            f"{path} is in use by another process for too long",
            hint="wait for the other numeri to end, then run the same command again",
        )
    if code == sqlite3.SQLITE_IOERR:
        return DiskTrouble(f"{path}: {error}", hint="look at the disk")
    return LedgerDamaged(
        f"the ledger {path} is damaged: {error}",
        hint="move it away and go on; the server still knows your submissions",
    )
