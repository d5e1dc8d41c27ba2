"""Several trials of a search at once: processes that each take trials, on one cluster's workers."""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from numeri_cli.cluster.told_error import told_error
from numeri_cli.commands.context import Context
from numeri_cli.commands.tune.preparation import SearchSettings
from numeri_cli.errors import UsageProblem
from numeri_cli.model_spec import ClusterSettings
from numeri_cli.progress import Listener

MOST_AT_ONCE = 64
PROCESS = (sys.executable, "-P", "-m", "numeri_cli.commands.tune.trial_process")
_SEED_STEP = 104_729  # apart from those that a search adds for each trial before it
_LOOK_SECONDS = 0.5
_END_SECONDS = 45.0  # for a process to cancel what it has on the cluster


class TrialOrder(BaseModel):
    """What a process is to do: trials of a search, until so many are done in the whole of it.

    tournament, profile: as named on the command line; None where nothing was said
    hours: after which no trial begins; cluster: the address of the scheduler
    """

    model_config = ConfigDict(frozen=True)

    tournament: str | None
    profile: Path | None
    model: str
    trials: int
    hours: float | None = None
    settings: SearchSettings
    seed: int | None
    force: bool
    cluster: str


def require_at_once(count: int, cluster: ClusterSettings) -> None:
    """Raise UsageProblem for several trials at once where nobody else trains, or all train one."""
    if count == 1:
        return
    if count > MOST_AT_ONCE:
        raise UsageProblem(
            f"{count} trials at once are {count} processes of this machine",
            hint=f"name at most {MOST_AT_ONCE}",
        )
    if cluster.address is None:
        raise UsageProblem(
            "--at-once has trials trained by the workers of a cluster, and none is named",
            hint=f"name one: --cluster local:{count}, or `address` in [cluster] of the profile",
        )
    if cluster.distribute == "rows":
        raise UsageProblem(
            "with rows spread over all workers one trial keeps them all at work",
            hint='leave out --at-once, or take distribute = "models"',
        )


def trial_orders(
    context: Context,
    model: str,
    *,
    count: int,
    trials: int,
    settings: SearchSettings,
    seed: int | None,
    force: bool,
    cluster: str,
) -> tuple[TrialOrder, ...]:
    """An order for each of so many processes; each draws values of its own."""
    return tuple(
        TrialOrder(
            tournament=context.asked_tournament,
            profile=context.profile_path,
            model=model,
            trials=trials,
            settings=settings,
            seed=None if seed is None else seed + number * _SEED_STEP,
            force=force,
            cluster=cluster,
        )
        for number in range(count)
    )


def run_at_once(
    orders: Sequence[TrialOrder],
    *,
    listener: Listener,
    finished: Callable[[], int],
    until: float = math.inf,
    command: Sequence[str] = PROCESS,
) -> None:
    """Have processes do trials, and wait until they have ended.

    finished: says how many trials of the whole search are done
    until: of the monotonic clock, after which no trial begins
    command: starts a process that takes an order
    Raises the first error that one of them tells; then the others are ended. One that was killed
    leaves its trial to the others.
    """
    left = until - time.monotonic()
    hours = None if math.isinf(left) else max(0.0, left) / 3600
    processes, wanted = _Processes(listener), max(order.trials for order in orders)
    try:
        for order in orders:
            text = order.model_copy(update={"hours": hours}).model_dump_json()
            processes.start(command, text)
        with listener.task("trials", total=wanted, unit="trials") as task:
            shown = 0
            for _ in processes.heard():
                now = min(wanted, finished())
                task.advance(max(0, now - shown))
                shown = max(shown, now)
    finally:
        processes.end()


@dataclass
class _Processes:
    """The processes of one search on this machine.

    mailbox: (which process, what it says); None where it says no more
    """

    listener: Listener
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    mailbox: queue.SimpleQueue[tuple[int, dict[str, Any] | None]] = field(
        default_factory=queue.SimpleQueue
    )

    def start(self, command: Sequence[str], order: str) -> None:
        # in a session of its own: Ctrl-C reaches this one, which ends them in its own way
        process = subprocess.Popen(  # noqa: S603 - this very program
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.started.append(process)
        number = len(self.started) - 1
        stdin: Any = process.stdin
        threading.Thread(target=self._read, args=(number, process.stdout), daemon=True).start()
        with suppress(BrokenPipeError):  # it has ended, which is told below
            stdin.write(order + "\n")
            stdin.flush()

    def heard(self) -> Iterator[None]:
        """Pass on what they say until all have ended; a pause each time something may be new.

        Raises the first error that is told.
        """
        ended = 0
        while ended < len(self.started):
            yield
            try:
                number, message = self.mailbox.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if message is None:
                ended += 1
                self._tell_of_end(number)
            elif "said" in message:
                self.listener.say(str(message["said"]))
            elif "error" in message:
                raise told_error(message["error"], where="a process of the search")
        yield

    def end(self) -> None:
        """End whatever is still at work, gently first."""
        for one in self.started:
            _signal(one, signal.SIGTERM)
        until = time.monotonic() + _END_SECONDS
        try:
            for one in self.started:
                with suppress(subprocess.TimeoutExpired):
                    one.wait(max(0.1, until - time.monotonic()))
        finally:
            for one in self.started:
                _signal(one, signal.SIGKILL)
                one.wait()
                for pipe in (one.stdin, one.stdout):
                    if pipe is not None:
                        with suppress(OSError):
                            pipe.close()

    def _read(self, number: int, lines: Iterable[str]) -> None:
        with suppress(OSError, ValueError):  # it was closed
            for line in lines:
                self.mailbox.put((number, json.loads(line)))
        self.mailbox.put((number, None))

    def _tell_of_end(self, number: int) -> None:
        code = self.started[number].wait()
        if code:
            self.listener.say(
                f"a process of the search ended with {code}: the others take on its trial"
            )


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to a process and those that it has started, unless it has ended."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
