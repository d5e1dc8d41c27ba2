"""Deadline: by when a command has to be done; one that rings, and one that never does.

A deadline acts in three steps. At the moment itself TimeIsUp is raised in the main thread, and the
command ends as after any error. Native code that does not come back to Python hears nothing of
that: GRACE_SECONDS later a timer of the system ends the process with the error's exit code. Where
even that fails, a process of its own kills it (see watchdog.py); that one also writes and tells
what the command no longer can. Locks are freed by the system, files are whole or absent.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

from numeri_cli.deadline.exit_timer import ExitTimer
from numeri_cli.errors import NumeriError, TimeIsUp

GRACE_SECONDS = 10.0  # to tidy up in, where Python hears that time is up
TELLING_SECONDS = 60.0  # to say and tell how it ended
_WATCHDOG = Path(__file__).with_name("watchdog.py")


class Deadline(Protocol):
    """By when the work has to be done; it belongs to the main thread."""

    @property
    def left_seconds(self) -> float:
        """Until it rings; infinite where it does not, zero once it has."""

    def set(self, seconds: float, overdue: NumeriError) -> None:
        """Ring so many seconds from now, instead of when it would have; overdue: what is told."""

    @contextmanager
    def within(self, seconds: float, overdue: NumeriError) -> Iterator[None]:
        """Inside, ring so many seconds from now; afterwards as before. Raises `overdue`."""
        yield


class NoDeadline:
    """The deadline of work that nobody waits for."""

    left_seconds = math.inf

    def set(self, seconds: float, overdue: NumeriError) -> None:
        """Do nothing."""

    @contextmanager
    def within(self, seconds: float, overdue: NumeriError) -> Iterator[None]:
        """Let it take its time."""
        yield


@dataclass(frozen=True)
class LastWords:
    """What stands in for a command that had to be ended from outside.

    stdout, stderr: what it would have written
    tell: the words of a program that tells others of it; facts: what that one reads
    """

    stdout: str
    stderr: str
    tell: tuple[str, ...]
    facts: str


class WordsFor(Protocol):
    """Makes the last words of a command that ends with this error."""

    def __call__(self, overdue: NumeriError) -> LastWords:
        """The words."""


class EnforcedDeadline:
    """A deadline that ends this process, if need be from outside.

    words: what is written and told in its place then
    output: the descriptor of the standard output that records go to; None for none
    ears: of the socket that the numbers of signals are read from; None for none
    terminated: the error of a command that SIGTERM ends
    """

    def __init__(
        self, words: WordsFor, *, output: int | None, ears: int | None, terminated: NumeriError
    ) -> None:
        self._words, self._output, self._ears = words, output, ears
        self._terminated = terminated
        self._at = math.inf
        self._overdue: NumeriError | None = None
        self.has_rung = False
        self._timer: ExitTimer | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._threads_before = set(threading.enumerate())
        self._handler_before = signal.signal(signal.SIGALRM, self._ring)

    @property
    def left_seconds(self) -> float:
        """Until it rings; infinite where it does not, zero once it has."""
        return max(0.0, self._at - time.monotonic())

    def set(self, seconds: float, overdue: NumeriError) -> None:
        """Ring so many seconds from now, instead of when it would have; overdue: what is told."""
        self._at, self._overdue = time.monotonic() + seconds, overdue
        self.has_rung = False
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))
        self._order(self._at + GRACE_SECONDS, self._words(overdue))
        if self._timer is None:
            self._timer = ExitTimer(int(overdue.exit_code))
        self._timer.set(self._at + GRACE_SECONDS)

    @contextmanager
    def within(self, seconds: float, overdue: NumeriError) -> Iterator[None]:
        """Inside, ring so many seconds from now; afterwards as before. Raises `overdue`."""
        at, before = self._at, self._overdue
        self.set(seconds, overdue)
        try:
            yield
        except TimeIsUp as up:
            raise up.overdue from up
        finally:
            if before is not None:
                self.set(at - time.monotonic(), before)

    def unwound(self) -> None:
        """The work has ended, one way or another: what is left is to say and to tell it."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._timer is not None:
            self._timer.set(None)
        if self._watchdog is not None:
            nothing = LastWords("", "", (), "")
            self._order(time.monotonic() + TELLING_SECONDS, nothing)

    def close(self, exit_code: int) -> None:
        """The command is over, and nobody watches it any longer.

        Where the work was overdue, threads that are still at it are not waited for.
        """
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._handler_before)
        if self._timer is not None:
            self._timer.close()
        if self._watchdog is not None and self._watchdog.stdin is not None:
            with suppress(OSError):
                self._watchdog.stdin.write(b'{"bye": true}\n')
                self._watchdog.stdin.flush()
            with suppress(OSError):
                self._watchdog.stdin.close()
            self._watchdog.wait()
        left = set(threading.enumerate()) - self._threads_before
        if self.has_rung and any(not thread.daemon for thread in left):
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(exit_code)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        self.has_rung = True
        if self._overdue is not None:
            raise TimeIsUp(self._overdue)

    def _order(self, at: float, words: LastWords) -> None:
        """Tell the watchdog what to do when; where none can be started, the timer is all there is.

        It is started with the first order.
        """
        if self._watchdog is None:
            with suppress(OSError):  # short of processes or memory
                self._watchdog = self._started()
        if self._watchdog is None or self._watchdog.stdin is None:
            return
        order = {"at": at, **asdict(words), "deaf": asdict(self._words(self._terminated))}
        with suppress(OSError):  # somebody has killed it
            self._watchdog.stdin.write(json.dumps(order).encode() + b"\n")
            self._watchdog.stdin.flush()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-S", "-E", str(_WATCHDOG), str(os.getpid()), str(self._ears or -1)],
            stdin=subprocess.PIPE,
            pass_fds=() if self._ears is None else (self._ears,),
            stdout=subprocess.DEVNULL if self._output is None else self._output,
            start_new_session=True,  # Ctrl-C and a terminal that is gone are not for it
        )
