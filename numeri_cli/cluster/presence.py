"""Whether those are still there who do the work, asked while somebody waits for it."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from numeri_cli.cluster import worker
from numeri_cli.cluster.connection import ClusterConnection, addresses
from numeri_cli.errors import ClusterEmpty, ClusterLost, MemberFailed, NumeriError

EMPTY_SECONDS = 120.0  # without any worker
LOOK_SECONDS = 1.0  # between two looks at who is there
RESULT_SECONDS = 600.0  # for what a task gives to come here
_WAIT_SECONDS = 0.02


@dataclass
class Presence:
    """Those who do the work.

    workers: their addresses; None where any will do, and those that come later
    needs_all: whether the work is lost with any one of them
    kept: what outlasts the loss, for the cure; "" where nothing does
    """

    connection: ClusterConnection
    workers: tuple[str, ...] | None = None
    needs_all: bool = False
    kept: str = ""
    deserted_since: float | None = None

    def require(self) -> None:
        """Raise ClusterLost without a scheduler, ClusterEmpty without workers for two minutes,
        MemberFailed where one of those is gone who are all needed."""
        client = self.connection.client
        if client.status != "running":
            raise self.lost()
        here = set(addresses(client))
        if self.needs_all:
            self._require_all(here)
        if here if self.workers is None else here & set(self.workers):
            self.deserted_since = None
            return
        now = time.monotonic()
        if self.deserted_since is None:
            self.deserted_since = now
            self.connection.listener.say("the cluster has no worker left: waiting for one")
        elif now - self.deserted_since > EMPTY_SECONDS:
            raise ClusterEmpty(
                f"all workers of {self.connection.address.text} are gone",
                hint=f"start some and run the same command again{self.kept}",
            )

    def lost(self) -> ClusterLost:
        """The scheduler is gone."""
        return ClusterLost(
            f"the scheduler at {self.connection.address.text} went away",
            hint=f"start it and its workers, then run the same command again{self.kept}",
        )

    def shared(self, content: Any, *, key: str) -> Any:
        """The task whose result every worker has: else Dask gives all work to the one that has it.

        Its key begins otherwise than those of the work: by that Dask guesses how long one takes.
        Raises what `require` raises.
        """
        client, workers = self.connection.client, self.workers
        placed = {} if workers is None else {"workers": list(workers), "allow_other_workers": False}
        with _without_words_on_size():
            future = client.submit(worker.same, content, key=f"shared-{key}", pure=False, **placed)
        self._wait(future)
        with suppress(Exception):  # who has not got it asks for it
            client.replicate([future], workers=None if workers is None else list(workers))
        return future

    def result(self, future: Any, *, failure: Callable[[Exception], NumeriError]) -> Any:
        """What a task gives, once it is there.

        failure: makes an error of ours of the one that ended the task
        Raises `failure`'s, and what `require` raises.
        """
        while True:
            self._wait(future)
            try:
                return future.result(timeout=RESULT_SECONDS)
            except Exception as error:
                if self.connection.client.status != "running":
                    raise self.lost() from error
                if future.status != "error" and isinstance(error, TimeoutError):
                    continue  # whoever had it went away meanwhile, and another one begins it again
                raise failure(error) from error

    def through(self, work: Callable[[], Any]) -> Any:
        """What somebody else's code gives that waits for the workers in its own way.

        It runs in a thread, so that it is given up where it would wait for ever.
        Raises what it raises, and what `require` raises.
        """
        found: list[Any] = []
        failed: list[BaseException] = []

        def run() -> None:
            try:
                found.append(work())
            except BaseException as error:  # told by who waits
                failed.append(error)

        thread = threading.Thread(target=run, daemon=True, name="numeri-over-machines")
        thread.start()
        while thread.is_alive():
            thread.join(LOOK_SECONDS)
            if thread.is_alive():
                self.require()
        if failed:
            raise failed[0]
        return found[0]

    def _wait(self, future: Any) -> None:
        """Wait for the end of a task. Raises what `require` raises."""
        looked = time.monotonic()
        while not future.done():
            time.sleep(_WAIT_SECONDS)
            if time.monotonic() - looked >= LOOK_SECONDS:
                self.require()
                looked = time.monotonic()
        if future.status == "cancelled":
            raise self.lost()

    def _require_all(self, here: set[str]) -> None:
        gone = [address for address in self.workers or () if address not in here]
        if gone:
            raise MemberFailed(
                f"the worker {gone[0]} went away in the middle of its work",
                hint="where rows are spread, each worker has to last to the end; run the same"
                " command again",
            )


@contextmanager
def _without_words_on_size() -> Iterator[None]:
    """A plan is sent once, so that Dask need not be surprised at its size."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph")
        yield
