"""The threads of a command and its libraries: whether there is room for them, how many compute."""

from __future__ import annotations

import os
from _thread import LockType, allocate_lock, start_new_thread  # threading's own take twice as long
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from numeri_cli.errors import NumeriError, ThreadsShort

OWN_THREADS = 20  # uploads, downloads, time-outs, Arrow's readers
LEAST_THREADS = 12
# libraries that compute start as many as there are cores, each for itself, and end the process
# with words of their own, or with Ctrl-C, where one cannot be started
_POOLS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "MKL_NUM_THREADS")
_WORDS = "can't start new thread"


def require_threads(environment: MutableMapping[str, str]) -> str | None:
    """Make do with one computing thread where there is room for few; what is to be said of that.

    environment: is changed; libraries read it as they are loaded
    Raises ThreadsShort where even that does not suffice.
    """
    wanted = OWN_THREADS + 3 * (os.cpu_count() or 1)
    found = room_for_threads(wanted)
    if found >= wanted:
        return None
    if found < LEAST_THREADS:
        raise _short(f"only {found} more threads, and numeri needs {LEAST_THREADS}")
    environment.update(dict.fromkeys(_POOLS, "1"))
    return (
        f"the system lets this user or container start {found} more threads, not {wanted}: what"
        " computes makes do with one, and takes longer"
    )


def room_for_threads(wanted: int) -> int:
    """How many threads can be started now, at most so many."""
    over = allocate_lock()
    ended: list[LockType] = []

    def wait(own: LockType) -> None:
        with over:
            own.release()

    with over:
        try:
            for _ in range(wanted):
                own = allocate_lock()
                own.acquire()
                start_new_thread(wait, (own,))
                ended.append(own)
        except RuntimeError:  # the next one could not be started
            pass
    for own in ended:
        own.acquire()
    return len(ended)


def thread_trouble(raised: BaseException) -> NumeriError | None:
    """The error of ours for a thread that could not be started; None for anything else."""
    if isinstance(raised, RuntimeError) and str(raised) == _WORDS:
        return _short("no more threads")
    return None


def one_blas_thread() -> AbstractContextManager[object]:
    """In this block numpy and scipy compute in one thread, in the whole process.

    A sum of many rows is then the same for any number of cores, and eras can be computed side by
    side.
    """
    one: AbstractContextManager[object] = _pools().limit(limits=1, user_api="blas")
    return one


@cache
def _pools() -> Any:
    """Those of the libraries that are loaded by now; to look for them takes 2 ms."""
    import scipy.linalg  # noqa: F401 - brings a BLAS of its own beside numpy's
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _short(room: str) -> ThreadsShort:
    return ThreadsShort(
        f"the system lets this user or container start {room}",
        hint="end other programs, or raise the limit of threads (`ulimit -u`, `pids.max` of a"
        " container, `TasksMax` of a unit) or of memory (`ulimit -v`), then run the same command"
        " again",
    )
