"""The one kind of lock."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from numeri_cli.errors import LockHeld
from numeri_cli.locks import held_lock


def _hold(path: Path, ready: Event) -> None:
    with held_lock(path, what="a run"):
        ready.set()
        time.sleep(60)


def test_the_lock_is_exclusive_and_free_after_a_kill(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    path = tmp_path / "locks" / "one.lock"
    other = context.Process(target=_hold, args=(path, ready))
    other.start()
    assert ready.wait(30)
    with pytest.raises(LockHeld), held_lock(path, what="a run"):
        pass
    assert other.pid is not None
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    with held_lock(path, what="a run"):
        pass
