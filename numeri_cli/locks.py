"""The one kind of lock: a file's, freed by the system where its holder dies."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from numeri_cli.errors import LockHeld, LocksUnsupported
from numeri_cli.files import disk_errors

_HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK)
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)
_LOOK_SECONDS = 0.01
_open_here: set[int] = set()  # descriptors of the locks that this process holds or tries


@contextmanager
def held_lock(path: Path, *, what: str) -> Iterator[None]:
    """Hold a lock for as long as the block runs; freed by the system if the process dies.

    A process that is forked inside the block does not hold it: what a killed run leaves behind
    keeps nobody from the next one.
    what: names the work, such as "a run"
    Raises LockHeld at once where somebody else has it, LocksUnsupported where the disk has no
    locks, DiskError.
    """
    with _until_over(_taken(path, what=what)):
        yield


@contextmanager
def awaited_lock(path: Path, *, what: str) -> Iterator[None]:
    """Hold a lock for as long as the block runs, once nobody else has it, however long that takes.

    For blocks of a moment: whoever waits looks again every few milliseconds.
    what: names the work
    Raises LocksUnsupported where the disk has no locks, DiskError.
    """
    while True:
        try:
            descriptor = _taken(path, what=what)
        except LockHeld:
            time.sleep(_LOOK_SECONDS)
            continue
        break
    with _until_over(descriptor):
        yield


def _taken(path: Path, *, what: str) -> int:
    """The descriptor of the locked file."""

    def take(descriptor: int) -> bool:
        _take(descriptor, path, what=what)
        return True

    return _opened(path, take)[0]


def _opened(path: Path, lock: Callable[[int], bool]) -> tuple[int, bool]:
    """The descriptor of the file that has this name, and whether `lock` has locked it."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            _open_here.add(descriptor)
            try:
                is_locked = lock(descriptor)
                if not is_locked or os.fstat(descriptor).st_nlink:
                    return descriptor, is_locked
            except BaseException:
                _close(descriptor)
                raise
            _close(descriptor)  # whoever held it has removed the file: others lock a new one


@contextmanager
def _until_over(descriptor: int, *, removed: Path | None = None) -> Iterator[None]:
    """Keep a lock for as long as the block runs; the file that is then removed, if one is."""
    try:
        yield
    finally:
        if descriptor in _open_here:  # else this is a process that was forked inside
            if removed is not None:
                removed.unlink(missing_ok=True)
            _close(descriptor)


def _close(descriptor: int) -> None:
    _open_here.discard(descriptor)
    os.close(descriptor)


def _take(descriptor: int, path: Path, *, what: str) -> None:
    """Lock the open file. Raises LockHeld, LocksUnsupported, OSError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            raise LockHeld(
                f"{what} is already at work",
                hint="wait for it to end, then run the same command again",
            ) from error
        if error.errno in _WITHOUT_LOCKS:
            raise LocksUnsupported(
                f"the disk of {path.parent} cannot lock files"
                f" ({errno.errorcode[error.errno]}: {error.strerror}), so two runs could meet",
                hint="set NUMERI_HOME to a folder on a disk of this machine, or mount that one"
                " with locks (for NFS: its lock service on both ends)",
            ) from error
        raise


def wait_for_lock(descriptor: int, *, seconds: float, look_seconds: float) -> bool:
    """Lock an open file until it is closed, once nobody else has it locked; whether it is locked.

    Goes on without the lock after so many seconds, and where the disk has no locks: what is kept
    in order by it never stops the work.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(look_seconds)
        except OSError:
            return False
        else:
            return True
    return False


@contextmanager
def patient_lock(path: Path, *, seconds: float, look_seconds: float) -> Iterator[None]:
    """Hold a lock for as long as the block runs, once nobody else has it; its file goes with it.

    Goes on without the lock after so many seconds, and where the disk has no locks: what is kept
    in order by it never stops the work.
    Raises DiskError.
    """
    until = time.monotonic() + seconds

    def wait(descriptor: int) -> bool:
        left = until - time.monotonic()
        return wait_for_lock(descriptor, seconds=left, look_seconds=look_seconds)

    descriptor, is_locked = _opened(path, wait)
    with _until_over(descriptor, removed=path if is_locked else None):
        yield


def _leave_to_parent() -> None:
    """A forked process has the parent's locks open, too, and would hold them beyond its death."""
    for descriptor in list(_open_here):
        with suppress(OSError):
            os.close(descriptor)
    _open_here.clear()


os.register_at_fork(after_in_child=_leave_to_parent)
