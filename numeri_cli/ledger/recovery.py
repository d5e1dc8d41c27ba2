"""A ledger whatever lies in its place: damage is set aside, and a new one made of what is left.

The books are no condition of the work. What is damaged is kept under a name that says when; what a
newer numeri wrote is read as far as it goes, and left alone.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from numeri_cli.errors import (
    DiskError,
    DiskFull,
    LedgerDamaged,
    LedgerNewer,
    NumeriError,
    PathForbidden,
)
from numeri_cli.files import atomic_path, disk_errors
from numeri_cli.ledger.connection import Identity, connected, identity, of_memory, readable
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.migrations import migrate
from numeri_cli.ledger.salvage import BESIDE, salvage
from numeri_cli.ledger.vouched import COLUMNS, is_noted, vouched_rows
from numeri_cli.locks import wait_for_lock
from numeri_cli.published import Published

OTHERS_SECONDS = 30.0  # for another process that mends the same ledger
_MARK = "-damaged-"


@dataclass(frozen=True)
class LedgerNotice(Published):
    """What had to be done about the ledger.

    code: "ledger_set_aside", "ledger_lost", "ledger_newer" or "ledger_unkept"
    kept: where the damaged one lies; None where nothing was set aside
    """

    code: str
    message: str
    hint: str
    kept: Path | None = None


@dataclass
class Recovery:
    """Opens the ledger at `path`, and puts it in order where damage is met, then or later.

    tell: hears at once of what had to be done
    notice: what that was; None where the ledger is as it was left
    is_new: whether the ledger was made anew, so that server and artifacts have to be asked
    trouble: why nothing outlives this process; None where it does
    """

    path: Path
    tell: Callable[[LedgerNotice], None]
    notice: LedgerNotice | None = None
    is_new: bool = False
    trouble: NumeriError | None = field(default=None)

    def open(self) -> Ledger:
        """The ledger. Raises DiskFull, PathForbidden, DiskTrouble."""
        seen = identity(self.path)
        is_lost = is_noted(self.path) and (seen is None or _is_empty(self.path))
        try:
            with _alone(self.path):
                connection = connected(self.path)
        except LedgerNewer as newer:
            return Ledger(self._without(newer), path=self.path)
        except (LedgerDamaged, PathForbidden) as damage:
            if isinstance(damage, PathForbidden) and not _is_in_the_way(self.path):
                raise
            return Ledger(self.mend(damage, seen), path=self.path, mender=self.mend)
        if is_lost:
            with readable(self.path):
                rows = _take_over_vouched(self.path, connection)
            self._note(_lost(self.path, rows))
        ledger = Ledger(connection, path=self.path, mender=self.mend)
        if not is_noted(self.path):
            ledger.note_vouched()
        return ledger

    def mend(self, damage: NumeriError, seen: Identity | None) -> sqlite3.Connection:
        """What to go on with. Raises DiskFull, DiskTrouble.

        seen: the file that the damage was found in; another one is another process's work
        """
        try:
            with _alone(self.path):
                mended = self._mended_since(seen)
                if mended is not None:
                    return mended
                kept, rows = set_aside(self.path, now=datetime.now(UTC))
        except DiskFull:
            raise
        except DiskError as forbidden:  # nothing can be moved there
            self.trouble = damage
            self._note(_unkept(damage, forbidden))
            return self._copy()
        self._note(_set_aside(damage, kept, rows))
        return connected(self.path)

    def _mended_since(self, seen: Identity | None) -> sqlite3.Connection | None:
        """A sound ledger that another process has put there; None where there is none."""
        if identity(self.path) == seen:
            return None
        try:
            return connected(self.path)
        except LedgerNewer:
            raise
        except LedgerDamaged:
            return None

    def _without(self, newer: LedgerNewer) -> sqlite3.Connection:
        self.trouble = newer
        self._note(_newer(self.path))
        return self._copy()

    def _copy(self) -> sqlite3.Connection:
        """A ledger of memory with what can be read of the one on disk."""
        connection = of_memory()
        with suppress(DiskError, LedgerDamaged), readable(self.path):
            salvage(self.path, connection)
            _take_over_vouched(self.path, connection)
        return connection

    def _note(self, notice: LedgerNotice) -> None:
        self.notice, self.is_new = notice, True
        self.tell(notice)


def set_aside(path: Path, *, now: datetime) -> tuple[Path, int]:
    """Put a new ledger in the place of a damaged one; where that is kept, and what was read of it.

    Killed at any moment, either the old one or the new one lies at `path`.
    Raises DiskFull, PathForbidden, DiskTrouble.
    """
    kept = _free_name(path, now)
    with atomic_path(path, mode=0o600) as new:
        with readable(path), closing(sqlite3.connect(new, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = MEMORY")
            migrate(connection)
            rows = salvage(path, connection)
            rows += _take_over_vouched(path, connection)
        _keep(path, kept)
    return kept, rows


def set_aside_before(path: Path) -> tuple[Path, ...]:
    """Damaged ledgers that are kept beside the one at `path`, the oldest first."""
    with disk_errors(path):
        return tuple(sorted(path.parent.glob(all_set_aside(path).name)))


def all_set_aside(path: Path) -> Path:
    """The pattern of the names under which damaged ledgers are kept."""
    return path.with_name(f"{path.stem}{_MARK}*{path.suffix}")


def _take_over_vouched(path: Path, connection: sqlite3.Connection) -> int:
    """Artifacts that the ledger vouched for, of the second file."""
    count = 0
    for row in vouched_rows(path):
        with suppress(ValueError, sqlite3.IntegrityError):
            if datetime.fromisoformat(row[COLUMNS.index("time")]).tzinfo is None:
                continue
            count += connection.execute(
                "INSERT OR IGNORE INTO models VALUES (?, ?, ?, ?, ?)", row
            ).rowcount
    return count


def _keep(path: Path, kept: Path) -> None:
    """Give what lies at `path` another name, and SQLite's files beside it.

    A file keeps its first name, too: the new ledger takes it in one step.
    """
    with disk_errors(path):
        if _is_in_the_way(path):
            path.rename(kept)
        else:
            try:
                os.link(path, kept)
            except OSError:  # a disk without links
                path.rename(kept)
        for end in BESIDE:  # a journal of the old file would undo the new one
            with suppress(FileNotFoundError):
                path.with_name(path.name + end).rename(kept.with_name(kept.name + end))


def _is_in_the_way(path: Path) -> bool:
    """Whether something lies there that is no file: a folder, a pipe, a link to nothing."""
    return os.path.lexists(path) and not path.is_file()


def _is_empty(path: Path) -> bool:
    return path.is_file() and not path.stat().st_size


def _free_name(path: Path, now: datetime) -> Path:
    stem = f"{path.stem}{_MARK}{now:%Y%m%dT%H%M%SZ}"
    number, found = 1, path.with_name(f"{stem}{path.suffix}")
    while os.path.lexists(found):
        number += 1
        found = path.with_name(f"{stem}-{number}{path.suffix}")
    return found


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from opening the ledger while it is mended.

    SQLite takes the journal of the new file for one that the old file has lost, and removes it.
    Goes on without the lock where the disk has none, or where its holder hangs: then a transaction
    that is under way at that moment may fail, and says so.
    """
    try:
        file = os.open(path.with_name(f"{path.stem}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError:  # a folder in which nothing can be moved, either
        yield
        return
    try:
        wait_for_lock(file, seconds=OTHERS_SECONDS, look_seconds=0.005)
        yield
    finally:
        os.close(file)


def _set_aside(damage: NumeriError, kept: Path, rows: int) -> LedgerNotice:
    return LedgerNotice(
        "ledger_set_aside",
        f"{damage.message}; it is kept as {kept.name}, and a new one was made of {rows:,} entries"
        " that could be read",
        "nothing has to be done; look at the disk, and remove that file once nothing is missed",
        kept,
    )


def _lost(path: Path, rows: int) -> LedgerNotice:
    return LedgerNotice(
        "ledger_lost",
        f"the ledger {path} was gone or empty; a new one was made, with {rows:,} trained models",
        "nothing has to be done; the server knows your submissions",
    )


def _newer(path: Path) -> LedgerNotice:
    return LedgerNotice(
        "ledger_newer",
        f"the ledger {path} was written by a newer version of numeri: it is left as it is, and"
        " nothing of this command is written into it",
        "`pip install --upgrade numeri`",
    )


def _unkept(damage: NumeriError, forbidden: NumeriError) -> LedgerNotice:
    return LedgerNotice(
        "ledger_unkept",
        f"{damage.message}; it cannot be moved away ({forbidden.message}), and nothing of this"
        " command is written down",
        "give this user access to the folder",
    )
