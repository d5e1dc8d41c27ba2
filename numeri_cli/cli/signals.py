"""How a person or the system stops a command: SIGTERM, Ctrl-C, a question left unanswered."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from types import FrameType

import typer

from numeri_cli.errors import (
    ExitCode,
    Interrupted,
    NumeriError,
    Terminated,
    TerminationAsked,
    TimeIsUp,
    UsageProblem,
)

_AGAIN_SECONDS = 0.05
_NATIVE_SECONDS = 4.0  # so long native code may take to come back to Python after SIGTERM
_heard = threading.Event()  # Python has come to handle the SIGTERM that was sent
_ears: list[socket.socket] = []  # from which the numbers of signals are read


def terminate(number: int, frame: FrameType | None) -> None:
    """The handler of SIGTERM: everything on the way out is cleaned up as after Ctrl-C."""
    _heard.set()
    raise TerminationAsked


def hung_up(number: int, frame: FrameType | None) -> None:
    """The handler of SIGHUP: the terminal is gone, and the work goes on without it."""


@contextmanager
def attended() -> Iterator[None]:
    """Inside, the command is there for whoever looks on: a closed terminal ends it as Ctrl-C does.

    Not where it was started to outlive its terminal, as by nohup.
    """
    before = signal.getsignal(signal.SIGHUP)
    if before != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def never_deaf() -> Iterator[None]:
    """Inside, SIGTERM ends the process within seconds, even where native code does not return.

    Python handles a signal between two steps of its own. A thread hears of it at once, and ends
    the process where no such step has come; locks are freed by the system, files are whole.
    """
    _heard.clear()
    over = threading.Event()
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

    def listen() -> None:
        # what is read without Python's lock would be gone, though Python knows nothing of it yet
        while select.select([reader], [], []) and (numbers := reader.recv(64)):
            if signal.SIGTERM in numbers and not over.is_set() and not _heard.wait(_NATIVE_SECONDS):
                with suppress(OSError):
                    os.write(2, b"error: terminated\nhint:  run the same command again\n")
                os._exit(ExitCode.terminated)

    _ears.append(reader)
    listener = threading.Thread(target=listen, name="sigterm", daemon=True)
    with suppress(RuntimeError):  # no more threads can be started: Python alone hears of it
        listener.start()
    try:
        yield
    finally:
        over.set()
        _heard.set()
        signal.set_wakeup_fd(before)
        writer.close()
        if listener.ident is not None:
            listener.join()
        _ears.remove(reader)
        reader.close()


def ears() -> int | None:
    """The descriptor from which the numbers of signals are read; None where nobody listens.

    What lies there unread has not come to Python's notice, as where native code holds its lock.
    """
    return _ears[-1].fileno() if _ears else None


@contextmanager
def never_ignored() -> Iterator[None]:
    """Inside, a stop that strikes as Python frees an object, where it drops errors, strikes again.

    So it goes with Ctrl-C in a library's `__del__`: without this the command would work on.
    """
    before = sys.unraisablehook

    def heard(dropped: sys.UnraisableHookArgs) -> None:
        kinds = {
            KeyboardInterrupt: signal.SIGINT,
            TerminationAsked: signal.SIGTERM,
            TimeIsUp: signal.SIGALRM,
        }
        number = kinds.get(dropped.exc_type)
        if number is None:
            before(dropped)
        else:  # a little later: now it would be dropped again
            threading.Timer(_AGAIN_SECONDS, signal.raise_signal, [number]).start()

    sys.unraisablehook = heard
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def questions() -> Iterator[None]:
    """Inside, prompts stand whole on standard error; Typer writes their end to standard output."""
    with redirect_stdout(sys.stderr):
        yield


def terminated() -> Terminated:
    """What is shown where SIGTERM ended the work."""
    return Terminated("terminated", hint="nothing was lost; run the same command again")


def interrupted() -> Interrupted:
    """What is shown where Ctrl-C ended the work."""
    return Interrupted("interrupted", hint="nothing was lost; run the same command again")


def stopped(raised: BaseException) -> NumeriError | None:
    """What is shown where SIGTERM, Ctrl-C or a deadline ended the work; None for anything else.

    Each may strike inside a library's own bookkeeping, as of a lock, which then raises an error
    of its own on the way out: what was under way when that was raised counts too.
    """
    seen: BaseException | None = raised
    while seen is not None:
        if isinstance(seen, TerminationAsked):
            return terminated()
        if isinstance(seen, KeyboardInterrupt):
            return interrupted()
        if isinstance(seen, TimeIsUp):
            return seen.overdue
        seen = seen.__context__
    return None


def unanswered(abort: typer.Abort) -> NumeriError:
    """What is shown where a prompt ended without an answer; Typer hides what ended it."""
    if isinstance(abort.__context__, KeyboardInterrupt):
        return interrupted()
    return UsageProblem(
        "the question was not answered", hint="answer it, or see --help for an option that does"
    )
