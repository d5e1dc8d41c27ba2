"""The one kind of lock."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from numeri_cli.errors import LockHeld, LocksUnsupported
from numeri_cli.learning.cached_data import one_at_a_time
from numeri_cli.locks import held_lock, patient_lock
from tests.support.processes import await_truth


def _hold(path: Path, ready: Event) -> None:
    with held_lock(path, what="a run"):
        ready.set()
        time.sleep(60)


@pytest.mark.core
def test_the_lock_is_exclusive_and_free_after_a_kill(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    path = tmp_path / "locks" / "one.lock"
    other = context.Process(target=_hold, args=(path, ready))
    other.start()
    assert ready.wait(300)
    with pytest.raises(LockHeld), held_lock(path, what="a run"):
        pass
    assert other.pid is not None
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    with held_lock(path, what="a run"):
        pass


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_disk_that_cannot_lock_is_said_and_never_taken_for_another_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """As NFS without its lock service answers, and some FUSE disks."""

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", flock)
    path = tmp_path / "locks" / "one.lock"
    for _ in range(2):  # what the first try left does not change what the second one hears
        with pytest.raises(LocksUnsupported) as caught, held_lock(path, what="a run"):
            pass
        assert f"the disk of {path.parent} cannot lock files" in caught.value.message
        assert "NUMERI_HOME" in caught.value.hint
        assert caught.value.exit_code == 4


def _leave_a_child_behind(path: Path, ready: Event) -> None:
    """Fork as a library's pool does, then be killed."""
    with held_lock(path, what="a run"):
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            path.with_suffix(".child").write_text(str(os.getpid()))
            ready.set()
            time.sleep(300)
            os._exit(0)
        time.sleep(300)


def test_what_a_killed_process_has_forked_does_not_hold_its_lock(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    path = tmp_path / "one.lock"
    other = context.Process(target=_leave_a_child_behind, args=(path, ready))
    other.start()
    assert ready.wait(120)
    with pytest.raises(LockHeld), held_lock(path, what="a run"):
        pass
    assert other.pid is not None
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    child = int(path.with_suffix(".child").read_text())
    os.kill(child, 0)  # it lives
    try:
        with held_lock(path, what="a run"):
            pass
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_lock_whose_file_was_removed_by_its_holder_is_that_of_the_new_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "one.lock"
    with held_lock(path, what="a removal"):
        path.unlink()
        with (
            held_lock(path, what="a run"),
            pytest.raises(LockHeld),
            held_lock(path, what="another run"),
        ):
            pass


def test_whoever_has_waited_holds_the_file_that_the_next_one_would_lock(tmp_path: Path) -> None:
    path, entered, leave = tmp_path / ".data.lock", threading.Event(), threading.Event()

    def waiting() -> None:
        with one_at_a_time(tmp_path, "data"):
            entered.set()
            leave.wait(300)

    thread = threading.Thread(target=waiting)
    with one_at_a_time(tmp_path, "data"):
        thread.start()
        await_truth(lambda: _opened(path) == 2, "somebody who waits")
    assert entered.wait(300)
    with pytest.raises(LockHeld), held_lock(path, what="a build"):
        pass
    leave.set()
    thread.join()
    assert not path.exists()


def _opened(path: Path) -> int:
    """How many descriptors of this process lead to a file."""
    found = 0
    for one in Path("/proc/self/fd").iterdir():
        try:
            found += one.readlink() == path
        except OSError:  # that of the listing itself
            continue
    return found


def test_who_goes_on_without_the_lock_leaves_it_to_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "one.lock"
    with held_lock(path, what="a build"):
        with patient_lock(path, seconds=0, look_seconds=0.01):
            pass
        with pytest.raises(LockHeld), held_lock(path, what="another"):
            pass
