"""What SQLite says of a file as errors of ours, for the ledger and the practice tournament."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from numeri_cli.errors import DiskFull, DiskTrouble, NumeriError, PathForbidden
from numeri_cli.files import free_bytes

FULL_BYTES = 1 << 20  # SQLite's shared memory needs less; without it, it speaks of an I/O error

_FORBIDDEN = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# no database at all, a damaged one, or one with other tables than ours
_DAMAGED = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_MISMATCH,
)


@contextmanager
def sqlite_errors(
    path: Path,
    *,
    damaged: Callable[[sqlite3.DatabaseError], NumeriError],
    missing: Callable[[], NumeriError] | None = None,
) -> Iterator[None]:
    """Turn what SQLite refuses concerning the file at `path` into errors of ours.

    damaged: what is raised for a file that is not what was written
    missing: what is raised where the file has gone, for who expects it to be there
    Raises these, DiskFull, PathForbidden, DiskTrouble; lets pass what is a mistake of the program,
    such as a broken constraint.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode"):
            raise damaged(error) from error  # Python's own: a text is not UTF-8
        if code == sqlite3.SQLITE_CANTOPEN and missing is not None and not path.exists():
            raise missing() from error
        if code in _DAMAGED:
            raise damaged(error) from error
        trouble = _disk_error(error, code, path)
        if trouble is None:
            raise
        raise trouble from error


def _disk_error(
    error: sqlite3.DatabaseError, code: int, path: Path
) -> DiskFull | PathForbidden | DiskTrouble | None:
    is_full = code == sqlite3.SQLITE_IOERR and free_bytes(path) < FULL_BYTES
    if code == sqlite3.SQLITE_FULL or is_full:
        return DiskFull(
            f"the disk is full: {path} could not be written",
            hint="free some space and run the same command again; nothing was lost",
        )
    if code in _FORBIDDEN or code == sqlite3.SQLITE_CANTOPEN:
        what = f"{path} cannot be opened" if path.is_dir() else f"no permission to write {path}"
        return PathForbidden(
            what,
            hint="give this user access to it and its folder, or set NUMERI_HOME to a folder of"
            " your own",
        )
    if code in _BUSY:
        return DiskTrouble(
            f"{path} is in use by another process for too long",
            hint="wait for the other numeri to end, then run the same command again",
        )
    if code == sqlite3.SQLITE_IOERR:
        return DiskTrouble(f"{path}: {error}", hint="look at the disk")
    return None
