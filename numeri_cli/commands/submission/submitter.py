"""Many prediction files into one round: the next is made while earlier ones are on their way."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from types import TracebackType

from numeri_cli.commands.submission.check import CheckedPredictions
from numeri_cli.commands.submission.delivery import (
    Destination,
    FileDelivery,
    Sent,
    require_sendable,
)
from numeri_cli.commands.submission.watch import Settled, SubmissionWatch, Verdict
from numeri_cli.errors import NumeriError, RoundClosed
from numeri_cli.progress import Listener, SilentTask, Task
from numeri_cli.records import ModelSlot

UPLOADERS = 4  # files on their way at a time, and as many more that wait with their bytes
_IDLE_SECONDS = 0.5  # between two looks of an idle thread at whether all is over


class WithoutBars:
    """Steps and sentences of several threads; bars of small files would only flicker."""

    def __init__(self, listener: Listener) -> None:
        self._listener, self._lock = listener, threading.Lock()

    def task(self, label: str, *, total: float | None, unit: str) -> AbstractContextManager[Task]:
        """No bar."""
        return nullcontext(SilentTask())

    def step(self, name: str) -> None:
        """Pass it on, one at a time."""
        with self._lock:
            self._listener.step(name)

    def say(self, text: str) -> None:
        """Pass it on, one at a time."""
        with self._lock:
            self._listener.say(text)


@dataclass
class Submitted:
    """One file that was handed over; `verdict` tells what became of it."""

    model: str
    sent: Sent | None = None
    error: NumeriError | None = None
    crash: BaseException | None = None

    @property
    def is_of_another(self) -> bool:
        """Whether another program's submission is waited for in place of ours."""
        return self.sent is not None and self.sent.attempt is None


class Submitter:
    """Takes files, uploads them, and watches all of them until they are settled.

    Against a server on a socket, and where there are several, this happens in threads: `send`
    returns as soon as a place is free, and no file waits for another's verdict. Inside a process,
    or for one file, `send` uploads and `settle` waits for the verdicts.
    several: whether more than one file is expected
    """

    def __init__(self, destination: Destination, *, several: bool) -> None:
        self._threaded = several and not destination.client.connector.in_process
        if self._threaded:
            destination = replace(destination, listener=WithoutBars(destination.listener))
        self._destination = destination
        self._watch = SubmissionWatch(destination)
        self._submitted: list[Submitted] = []
        self._work: queue.Queue[Callable[[], None]] = queue.Queue(UPLOADERS)
        self._over = False
        self._watch_crash: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        if self._threaded:
            # daemons: an interrupted program must not wait for them; what they had begun is in
            # the ledger, as after a kill
            for target in (*[self._upload_all] * UPLOADERS, self._watch_all):
                thread = threading.Thread(target=target, daemon=True)
                self._threads.append(thread)
                thread.start()

    def __enter__(self) -> Submitter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        self._watch.close()

    def send(self, model: ModelSlot, predictions: CheckedPredictions) -> Submitted:
        """Hand over a file. Raises HostedModel, NoRoundOpen, RoundClosed at once; what goes wrong
        afterwards is in the verdict."""
        require_sendable(self._destination, model)
        submitted = Submitted(model.name)
        self._submitted.append(submitted)
        delivery = FileDelivery(
            destination=self._destination,
            model=model,
            predictions=predictions,
            began=self._destination.client.now(),
        )
        self._destination.listener.step("round_checked")

        def bring() -> None:
            try:
                submitted.sent = delivery.run()
                self._watch.add(submitted.sent)
            except NumeriError as error:
                submitted.error = error

        if self._threaded:
            self._work.put(lambda: _guarded(bring, submitted))
        else:
            bring()
        return submitted

    def watch(self, sent: Sent) -> Submitted:
        """Wait for a submission that the server has already."""
        submitted = Submitted(sent.model, sent=sent)
        self._submitted.append(submitted)
        self._watch.add(sent)
        return submitted

    def settle(self) -> None:
        """Wait until everything that was handed over so far is settled, or has failed."""
        if self._threaded:
            self._work.join()
        for submitted in self._submitted:
            if submitted.crash is not None:
                raise submitted.crash
        if not self._threaded:
            self._watch.run()
        while not self._watch.wait_settled(_IDLE_SECONDS):
            for crash in self._watch_crash:
                raise crash

    def verdict(self, submitted: Submitted) -> Verdict:
        """What became of a file, after `settle`. A submission that came too late is RoundClosed."""
        if submitted.error is not None:
            return submitted.error
        if submitted.sent is None:
            raise AssertionError("`settle` waits until every file is sent or has failed")
        verdict = self._watch.verdicts[submitted.sent.server_id]
        if isinstance(verdict, Settled) and verdict.timing in ("late", "queued"):
            return verdict if self._destination.late else _too_late(verdict, self._destination)
        return verdict

    def _upload_all(self) -> None:
        while not self._over:
            try:
                work = self._work.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                continue
            try:
                if not self._over:
                    work()
            finally:
                self._work.task_done()

    def _watch_all(self) -> None:
        try:
            self._watch.run_until_closed()
        except BaseException as crash:  # the main thread raises it again
            self._watch_crash.append(crash)


def _guarded(bring: Callable[[], None], submitted: Submitted) -> None:
    try:
        bring()
    except BaseException as crash:  # the main thread raises it again
        submitted.crash = crash


def _too_late(verdict: Settled, destination: Destination) -> RoundClosed:
    return RoundClosed(
        f"the submission of {verdict.model} reached round {destination.round_.number} after its"
        f" close: the server calls it {verdict.timing}",
        hint="it is scored without stake; `numeri schedule` starts earlier the next time",
    )
