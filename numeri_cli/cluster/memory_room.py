"""The memory of a machine, shared by its workers: a training begins once there is room for it.

Each training notes down what it will take at most. Who finds too little waits for others to end,
and never pushes the machine over the edge; who needs more than there is at all is refused.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.errors import LockHeld, MemoryShort, UsageProblem
from numeri_cli.files import disk_errors, is_running, read_json_object
from numeri_cli.learning.memory import GIGABYTE, available_bytes
from numeri_cli.locks import awaited_lock, held_lock

LIMIT = "NUMERI_MEMORY_GB"  # what the trainings of a machine may take together, where less than all
LOOK_SECONDS = 0.25
_WAITING = "waiting"
_WHAT = "a training"


@dataclass
class ReservedMemory:
    """Memory that a training may take; freed by the system where its process dies."""

    path: Path
    held: AbstractContextManager[None] | None
    needed_bytes: float

    def release(self) -> None:
        """Let others have it."""
        if self.held is not None:
            self.path.unlink(missing_ok=True)
            self.held.__exit__(None, None, None)
            self.held = None


@dataclass(frozen=True)
class MemoryRoom:
    """What the workers of one machine have taken.

    folder: in which each training has a file of its own, locked for as long as it lives
    worker_limit_bytes: at which Dask ends this worker; None where it does not
    """

    folder: Path
    worker_limit_bytes: float | None = None

    def capacity_bytes(self) -> float:
        """What trainings could take together, if none were at work."""
        return self._capacity(self._others())

    def reserve(
        self,
        needed_bytes: float,
        *,
        least_bytes: float = 0.0,
        force: bool = False,
        wait: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda text: None,
    ) -> ReservedMemory:
        """Room for a training, once there is some.

        least_bytes: with which it makes do where there is less; 0 where it cannot
        wait: called while others are at work; may raise to end the waiting
        Raises MemoryShort where the machine, or this worker, never has so much.
        """
        told = False
        while True:
            # one process at a time counts what is taken
            with awaited_lock(self.folder / "admission.lock", what=_WHAT):
                others = self._others()
                capacity = self._capacity(others)
                wanted = min(needed_bytes, capacity) if least_bytes else needed_bytes
                if not force:
                    self._require_possible(max(wanted, least_bytes), capacity)
                if wanted <= capacity - sum(others.values()) or not others:
                    self._mark_waiting(False)
                    return self._taken(wanted)
            self._mark_waiting(True)
            if not told:
                say(
                    f"{wanted / GIGABYTE:.1f} GB of memory are needed: waiting for"
                    " other trainings of this machine to end"
                )
                told = True
            try:
                wait()
            except BaseException:
                self._mark_waiting(False)
                raise
            time.sleep(LOOK_SECONDS)

    def is_wanted(self) -> bool:
        """Whether another process waits for memory."""
        for path in self.folder.glob(f"{_WAITING}-*"):
            process = path.name.rpartition("-")[2]
            if process != str(os.getpid()) and is_running(process):
                return True
        return False

    def _require_possible(self, needed: float, capacity: float) -> None:
        limit = self.worker_limit_bytes
        if limit is not None and needed > limit:
            raise MemoryShort(
                f"a training needs about {needed / GIGABYTE:.1f} GB of memory, and Dask ends this"
                f" worker at {limit / GIGABYTE:.1f} GB",
                hint="start the worker with --memory-limit 0: trainings wait for memory by"
                " themselves",
            )
        if needed > capacity:
            raise MemoryShort(
                f"a training needs about {needed / GIGABYTE:.1f} GB of memory, and the machine has"
                f" {capacity / GIGABYTE:.1f} GB for it",
                hint="take fewer features or a larger era_stride in the profile, or a machine with"
                " more memory; --force tries all the same",
            )

    def _capacity(self, others: dict[int, float]) -> float:
        """What is free, and what trainings that are at work hold of it."""
        held = sum(min(wanted, _resident_bytes(pid)) for pid, wanted in others.items())
        free = available_bytes() + held + _resident_bytes(os.getpid())
        return min(free, _limit_bytes())

    def _others(self) -> dict[int, float]:
        """Process → what its training has reserved; files of dead processes are removed."""
        found: dict[int, float] = {}
        for path in self.folder.glob("*.json"):
            if _is_free(path):
                continue
            note = read_json_object(path)
            pid, wanted = note.get("pid"), note.get("bytes")
            if isinstance(pid, int) and isinstance(wanted, int | float):
                found[pid] = found.get(pid, 0.0) + wanted
        return found

    def _taken(self, wanted: float) -> ReservedMemory:
        path = self.folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
        held = held_lock(path, what=_WHAT)
        held.__enter__()
        with disk_errors(path):
            path.write_text(json.dumps({"pid": os.getpid(), "bytes": wanted}))
        return ReservedMemory(path, held, wanted)

    def _mark_waiting(self, waits: bool) -> None:
        path = self.folder / f"{_WAITING}-{os.getpid()}"
        if waits:
            path.touch()
        else:
            path.unlink(missing_ok=True)


def _is_free(path: Path) -> bool:
    """Whether nobody holds a file's lock any more; then it is removed. Raises DiskError."""
    try:
        with held_lock(path, what=_WHAT):
            path.unlink(missing_ok=True)
    except LockHeld:
        return False
    return True


def _resident_bytes(pid: int) -> float:
    """The memory that a process holds; 0 where it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def _limit_bytes() -> float:
    """What the owner of the machine lets trainings take. Raises UsageProblem."""
    text = os.environ.get(LIMIT, "")
    if not text:
        return float("inf")
    try:
        return float(text) * GIGABYTE
    except ValueError:
        raise UsageProblem(
            f"{LIMIT} is {text[:40]!r}, which is no number", hint="set it to gigabytes, such as 48"
        ) from None
