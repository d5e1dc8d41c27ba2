"""The ledger's connection: shared by threads, renewed after damage and where its file is gone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numeri_cli.errors import LedgerDamaged
from numeri_cli.ledger.connection import Identity, connected, identity, readable
from numeri_cli.ledger.vouched import note_vouched

# Of the damage, and of the file that it was found in: what to go on with in its place
Mender = Callable[[LedgerDamaged, Identity | None], sqlite3.Connection]


class LedgerStore:
    """One SQLite file, or one of memory; threads share its connection, one at a time.

    mender: is asked for another connection where damage is met; without one nothing is renewed
    generation: how often that was so
    Each method may raise LedgerDamaged, DiskFull, PathForbidden and DiskTrouble.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, path: Path, mender: Mender | None
    ) -> None:
        self._connection, self._path, self._mender = connection, path, mender
        self.generation = 0
        self._lock = threading.Lock()
        self._renewing = threading.RLock()
        self._identity = identity(path)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def renew(self, damage: LedgerDamaged, *, since: int) -> bool:
        """Go on with what the mender has, unless that was done since; False without a mender."""
        with self._renewing:
            if self.generation != since:
                return True
            if self._mender is None:
                return False
            self._go_on_with(self._mender(damage, self._identity))
            self.generation += 1
            return True

    def read(self, question: str, values: Sequence[str | int | None]) -> list[Any]:
        """All rows of an answer."""
        self._follow()
        with self._lock, readable(self._path):
            return self._connection.execute(question, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Statements of which all take effect or none."""
        self._follow()
        with self._lock, readable(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def note_vouched(self) -> None:
        """Write down elsewhere, too, which artifacts the ledger vouches for."""
        if self._mender is not None:
            with self._lock, readable(self._path):
                note_vouched(self._path, self._connection)

    def _follow(self) -> None:
        """Open the file that lies at the path now, where another process has put one there."""
        if self._mender is None:
            return
        with self._renewing:
            if identity(self._path) != self._identity:
                self._go_on_with(connected(self._path))

    def _go_on_with(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._connection.close()
            self._connection, self._identity = connection, identity(self._path)
