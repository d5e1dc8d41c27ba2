"""The state of the practice tournament in SQLite: safe for several threads and processes.

Every transaction has a connection of its own, so that a server sees at once what `practice
advance` did in another process. Writers queue; readers never wait.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from numeri_cli.errors import PracticeDamaged, PracticeMissing
from numeri_cli.files import disk_errors
from numeri_cli.practice.database.migrations import MIGRATIONS
from numeri_cli.sqlite import sqlite_errors

BUSY_SECONDS = 60.0

Row = sqlite3.Row
Connection = sqlite3.Connection


class Store:
    """One SQLite file; every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: int | None = None  # tells this tournament's file from a later one's

    @classmethod
    def create(cls, path: Path) -> Store:
        """A new file, readable by its owner only, with every table. Raises DiskError."""
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        store = cls(path)
        store._migrate()
        store._mark_new()
        return store

    @classmethod
    def open(cls, path: Path) -> Store:
        """An existing file, brought up to date. Raises PracticeDamaged."""
        store = cls(path)
        if not path.is_file():
            raise damaged(path)
        with store._readable_errors(), closing(store._connect()) as connection:
            version, mark = _version_of(connection), _mark_of(connection)
        if version == 0:  # not ours
            raise damaged(path)
        if version != len(MIGRATIONS):
            store._migrate()
        store._mark = mark
        return store

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the state."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One change, whole or not at all; waits for other writers."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        with self._readable_errors(), closing(self._connect()) as connection:
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _connect(self) -> Connection:
        address = f"{self._path.absolute().as_uri()}?mode=rw"  # never a new file
        connection = sqlite3.connect(address, timeout=BUSY_SECONDS, isolation_level=None, uri=True)
        if self._mark not in (None, _mark_of(connection)):
            connection.close()
            raise PracticeMissing(
                f"the practice tournament in {self._path.parent} is another one now",
                hint="end this program and start it again",
            )
        connection.row_factory = Row
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _readable_errors(self) -> AbstractContextManager[None]:
        def missing() -> PracticeMissing:
            return PracticeMissing(
                f"no practice tournament is in {self._path.parent} any more",
                hint="`numeri practice create` makes one",
            )

        return sqlite_errors(self._path, damaged=lambda _: damaged(self._path), missing=missing)

    def _mark_new(self) -> None:
        with self._readable_errors(), closing(self._connect()) as connection:
            connection.execute(f"PRAGMA application_id = {secrets.randbits(31)}")
            self._mark = _mark_of(connection)

    def _migrate(self) -> None:
        with self._readable_errors(), closing(self._connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        with self._transaction("BEGIN IMMEDIATE") as connection:
            version = _version_of(connection)
            if version > len(MIGRATIONS):
                raise PracticeDamaged(
                    "the practice tournament was made by a newer numeri",
                    hint="update numeri, or start again with `numeri practice reset`",
                )
            for number in range(version, len(MIGRATIONS)):
                for statement in MIGRATIONS[number].split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number + 1}")


def _version_of(connection: Connection) -> int:
    """How many migrations the file has been through."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _mark_of(connection: Connection) -> int:
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    return int(mark)


def damaged(path: Path) -> PracticeDamaged:
    """The error for a file of the practice tournament that is missing or altered."""
    return PracticeDamaged(
        f"the practice tournament is damaged: {path} is missing or not what was written",
        hint="start again with `numeri practice reset`",
    )


def insert(connection: Connection, table: str, **values: Any) -> None:
    """Insert one row; table and column names are words of this program, never of a request."""
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - our own words, see above
        [stored(value) for value in values.values()],
    )


def stored(value: Any) -> Any:
    """A value as SQLite keeps it: moments and money as text."""
    if isinstance(value, datetime):
        return moment_text(value)
    return nmr_text(value) if isinstance(value, Decimal) else value


def moment_text(moment: datetime) -> str:
    """An aware moment as text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment_of(text: str) -> datetime:
    """What `moment_text` wrote."""
    return datetime.fromisoformat(text)


def nmr_text(amount: Decimal) -> str:
    """Money as plain decimal text, never with an exponent."""
    return format(amount, "f")
