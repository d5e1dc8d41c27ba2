"""What runs on a worker: functions that Dask calls by their names, with plain values both ways."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from numeri_cli.cluster.machine import Machine, forget_stale, worker_name
from numeri_cli.cluster.memory_room import MemoryRoom
from numeri_cli.cluster.wire import PlanContent
from numeri_cli.cluster.worker_listener import TaskCancelled, WorkerListener
from numeri_cli.cluster.worker_model import ModelAtWork
from numeri_cli.cluster.worker_plan import PlanAtWork
from numeri_cli.errors import NumeriError
from numeri_cli.learning.plan import versions_of
from numeri_cli.log import Mask

GRACE_SECONDS = 15.0  # for a task that nobody wants any more to come to a point where it ends
MODEL_SECONDS = 60.0  # that a model is kept without predicting: a validation asks without a pause
LIMIT_SHARE = 0.9  # of Dask's limit of a worker: it ends the process at 95 %
_LOOK_SECONDS = 0.5


class WorkerProcess:
    """One process that trains members, one at a time: the libraries have one log and one set of
    threads."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.work: PlanAtWork | None = None
        self.model: ModelAtWork | None = None
        self.predicted_at = 0.0  # of the monotonic clock
        self.unwanted_since: dict[str, float] = {}
        self.running: dict[str, Any] = {}  # key → Dask's worker, of tasks that hold a thread

    @property
    def machine(self) -> Machine:
        """Where it trains."""
        return Machine.this()

    @contextmanager
    def task(
        self, worker: Any, send: Callable[[dict[str, Any]], None] = lambda message: None
    ) -> Iterator[WorkerListener]:
        """The turn of the task that this thread runs, and what hears of it.

        Raises TaskCancelled where nobody wants it any more.
        """
        key = str(worker.get_current_task())
        self.running[key] = worker
        listener = WorkerListener(key, send=send, is_cancelled=lambda: is_cancelled(worker, key))
        try:
            while not self.turn.acquire(timeout=_LOOK_SECONDS):
                listener.go_on()
            try:
                yield listener
            finally:
                self.turn.release()
        finally:
            self.running.pop(key, None)

    def opened(self, content: PlanContent) -> PlanAtWork:
        """The plan, opened once for all its tasks; a model makes room for it."""
        self.model = None
        if self.work is None or self.work.digest != content.digest:
            self.close()
            self.work = PlanAtWork.open(content, self.machine)
        return self.work

    def opened_model(self, content: Any) -> ModelAtWork:
        """The model, opened once for all its tasks."""
        if self.model is None or self.model.digest != content.digest:
            self.model = None  # its memory is needed for the next one
            self.model = ModelAtWork.open(content, self.machine)
        return self.model

    def close(self) -> None:
        """Let go of the plan of the task before."""
        if self.work is not None:
            self.work.release()
        self.work = None

    def let_go(self, now: float, *, wanted: bool) -> None:
        """Free what the task before has left, unless another is at work.

        now: of the monotonic clock; wanted: whether others of this machine wait for memory
        """
        is_idle = self.model is not None and now - self.predicted_at > MODEL_SECONDS
        holds = self.model is not None or self.work is not None
        if not is_idle and not (wanted and holds):
            return
        if self.turn.acquire(blocking=False):
            try:
                self.model = None
                if wanted:
                    self.close()
            finally:
                self.turn.release()

    def look_after(self) -> None:
        """For as long as the process lives: end what nobody wants, free what is not used."""
        while True:
            time.sleep(_LOOK_SECONDS)
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        """One look. A class or library that never comes to a point where it could be ended is ended
        with its process, which Dask's nanny starts anew.

        now: of the monotonic clock
        """
        for key, worker in list(self.running.items()):
            if not is_cancelled(worker, key):
                self.unwanted_since.pop(key, None)
            elif now - self.unwanted_since.setdefault(key, now) > GRACE_SECONDS:
                os._exit(1)
        with suppress(OSError):
            self.let_go(now, wanted=MemoryRoom(self.machine.memory).is_wanted())


@cache
def process() -> WorkerProcess:
    """This process as one that trains."""
    made = WorkerProcess()
    threading.Thread(target=made.look_after, daemon=True, name="numeri-look-after").start()
    return made


def describe(libraries: Sequence[str], *, dask_worker: Any) -> dict[str, Any]:
    """This worker: its versions, its machine, and what memory it has."""
    return {
        "machine": worker_name(dask_worker),
        "versions": versions_of(libraries),
        "capacity_bytes": MemoryRoom(process().machine.memory).capacity_bytes(),
        "limit_bytes": worker_limit_bytes(dask_worker),
        "threads": dask_worker.state.nthreads,
    }


def same(content: PlanContent) -> PlanContent:
    """The plan itself: as a task's result it goes to each worker once, and is never lost."""
    return content


def train_member(
    content: PlanContent, window: int, target: str, seed: int, label: str, topic: str
) -> tuple[str, bytes]:
    """One member of a plan: a report as JSON, and the member's content.

    Where it cannot be trained the report has an `error`; a dead worker is Dask's to report.
    """
    from distributed import get_worker

    worker, own = get_worker(), process()
    try:
        with own.task(worker, lambda message: worker.log_event(topic, message)) as listener:
            return _trained(own, content, window, target, seed, label, listener, worker)
    except TaskCancelled:
        raise RuntimeError(f"{label} is not wanted any more") from None
    except Exception as error:
        return _failure(error, worker), b""


def _trained(
    own: WorkerProcess,
    content: PlanContent,
    window: int,
    target: str,
    seed: int,
    label: str,
    listener: WorkerListener,
    worker: Any,
) -> tuple[str, bytes]:
    started = time.monotonic()
    _reset_peak()
    room = MemoryRoom(own.machine.memory, worker_limit_bytes(worker))
    chosen, made, reserved = own.opened(content).train(
        window=window, target=target, seed=seed, label=label, room=room, listener=listener
    )
    report = {
        "machine": worker_name(worker),
        "digest": sha256(made.content).hexdigest(),
        "rows": chosen.rows.count,
        "dropped_rows": chosen.dropped,
        "trees": made.trees,
        "seconds": time.monotonic() - started,
        "peak_bytes": _peak_bytes(),
        "estimated_bytes": reserved,
        "steps": dict(listener.steps),
    }
    return json.dumps(report), made.content


def predict_eras(content: Any, eras: Sequence[str]) -> tuple[str, list[Any]]:
    """For each era (n, members) what a model's members say of its rows; a report as JSON.

    Where they cannot be predicted the report has an `error`.
    """
    from distributed import get_worker

    worker, own = get_worker(), process()
    try:
        with own.task(worker) as listener:
            arrays = own.opened_model(content).predict(eras, listener)
            own.predicted_at = time.monotonic()
        return json.dumps({"machine": worker_name(worker)}), arrays
    except TaskCancelled:
        raise RuntimeError("these predictions are not wanted any more") from None
    except Exception as error:
        return _failure(error, worker), []


def rows_part(
    content: PlanContent, window: int, target: str, place: int, parts: int
) -> dict[str, Any]:
    """A worker's part of a member's rows, whole eras: rows, labels, weights; or an `error`.

    place: which of so many parts
    """
    from distributed import get_worker

    own = process()
    try:
        with own.task(get_worker()):
            return own.opened(content).part(window=window, target=target, place=place, parts=parts)
    except TaskCancelled:
        raise RuntimeError("these rows are not wanted any more") from None
    except Exception as error:
        return {"error": _told(error)}


def part_facts(part: dict[str, Any]) -> dict[str, Any]:
    """What is said of a part, without its rows."""
    return {name: value for name, value in part.items() if name != "arrays"}


def part_array(part: dict[str, Any], place: int) -> Any:
    """One of a part's arrays: its rows, its labels, its weights."""
    return part["arrays"][place]


def is_at_work_for_others(*, dask_worker: Any) -> bool:
    """Whether a task of a library holds a thread of this worker."""
    with dask_worker.active_threads_lock:
        keys = {str(key) for key in dask_worker.active_threads.values()}
    return bool(keys - set(process().running))


def leave() -> None:
    """End this worker: what it does in native code waits for others that are gone."""
    os._exit(1)


def _failure(error: Exception, worker: Any) -> str:
    return json.dumps({"machine": worker_name(worker), "error": _told(error)})


def _told(error: Exception) -> dict[str, str]:
    """An error in plain words, without what the environment of this machine keeps secret."""
    mask = Mask.of_environment(os.environ)
    if isinstance(error, NumeriError):
        return {
            "code": error.code,
            "message": mask.text(error.message),
            "hint": mask.text(error.hint),
        }
    words = mask.text(f"{type(error).__name__}: {error}")
    return {"code": "unexpected", "message": words[:500], "hint": ""}


def forget(plan_digest: str) -> None:
    """Remove what killed tasks of a plan could go on from, once all its members are home."""
    own = process()
    shutil.rmtree(own.machine.unfinished(plan_digest), ignore_errors=True)
    for folder in ("unfinished", "data", "modules"):
        forget_stale(own.machine.folder / folder)
    close_plan(plan_digest)


def close_plan(plan_digest: str) -> None:
    """Let go of a plan's rows, unless another task is at work."""
    own = process()
    if own.turn.acquire(blocking=False):
        try:
            if own.work is not None and own.work.digest == plan_digest:
                own.close()
        finally:
            own.turn.release()


def running() -> list[str]:
    """The keys of tasks that hold a thread of this worker."""
    return sorted(process().running)


def is_cancelled(worker: Any, key: str) -> bool:
    """Whether nobody waits for a task: it was cancelled, or its client or scheduler is gone."""
    if worker.status.name not in ("running", "paused", "closing_gracefully"):
        return True
    task = worker.state.tasks.get(key)
    return task is None or task.state == "cancelled"


def worker_limit_bytes(worker: Any) -> float | None:
    """At which memory Dask would end this worker; None where it does not."""
    limit = worker.memory_manager.memory_limit
    return None if not limit else float(limit) * LIMIT_SHARE


def _reset_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_bytes() -> float:
    """The most memory that this process has held since the task began; 0 where nobody knows."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) * 1024
    return 0.0
