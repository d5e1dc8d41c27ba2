"""The one kind of lock: a file's, freed by the system where its holder dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numeri_cli.errors import LockHeld
from numeri_cli.files import disk_errors


@contextmanager
def held_lock(path: Path, *, what: str) -> Iterator[None]:
    """Hold a lock for as long as the block runs; freed by the system if the process dies.

    Raises LockHeld at once where somebody else has it; `what` names the work, such as "a run".
    """
    from filelock import FileLock, Timeout

    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise LockHeld(
                f"{what} is already at work",
                hint="wait for it to end; it does the same work",
            ) from error
    try:
        yield
    finally:
        lock.release()
