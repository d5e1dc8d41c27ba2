"""The journal of a search: one file that processes on several machines append to."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from numeri_cli.files import disk_errors
from numeri_cli.locks import awaited_lock
from numeri_cli.search.library import JournalFileBackend, JournalStorage

_WHAT = "a search"


class JournalLock:
    """A lock that the system frees where its holder is killed; Optuna's own would outlive it.

    A line that a killed process left unfinished is cut off before anything is appended behind it.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._held: AbstractContextManager[None] | None = None

    def acquire(self) -> bool:
        """Take the lock, waiting for it. Raises LocksUnsupported, DiskError."""
        held = awaited_lock(self._journal.with_suffix(".journal.lock"), what=_WHAT)
        held.__enter__()
        self._held = held
        cut_unfinished_line(self._journal)
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._held is not None:
            self._held.__exit__(None, None, None)
            self._held = None


def cut_unfinished_line(journal: Path) -> None:
    """Drop what follows the last end of a line. Raises DiskError."""
    with disk_errors(journal), journal.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        if not end:
            return
        file.seek(end - 1)
        if file.read(1) == b"\n":
            return
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def open_journal(path: Path) -> JournalStorage:
    """The journal at a path, made where there is none. Raises LocksUnsupported, DiskError."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    lock: Any = JournalLock(path)  # what it would have to inherit from is not offered
    return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
