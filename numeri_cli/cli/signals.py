"""How a person or the system stops a command: SIGTERM, Ctrl-C, a question left unanswered."""

from __future__ import annotations

from types import FrameType

import typer

from numeri_cli.errors import (
    Interrupted,
    NumeriError,
    Terminated,
    TerminationAsked,
    UsageProblem,
)


def terminate(number: int, frame: FrameType | None) -> None:
    """The handler of SIGTERM: everything on the way out is cleaned up as after Ctrl-C."""
    raise TerminationAsked


def terminated() -> Terminated:
    """What is shown where SIGTERM ended the work."""
    return Terminated("terminated", hint="nothing was lost; run the same command again")


def interrupted() -> Interrupted:
    """What is shown where Ctrl-C ended the work."""
    return Interrupted("interrupted", hint="nothing was lost; run the same command again")


def stopped(raised: BaseException) -> NumeriError | None:
    """What is shown where SIGTERM or Ctrl-C ended the work; None where it was neither.

    Either may strike inside a library's own bookkeeping, as of a lock, which then raises an error
    of its own on the way out: what was under way when that was raised counts too.
    """
    seen: BaseException | None = raised
    while seen is not None:
        if isinstance(seen, TerminationAsked):
            return terminated()
        if isinstance(seen, KeyboardInterrupt):
            return interrupted()
        seen = seen.__context__
    return None


def unanswered(abort: typer.Abort) -> NumeriError:
    """What is shown where a prompt ended without an answer; Typer hides what ended it."""
    if isinstance(abort.__context__, KeyboardInterrupt):
        return interrupted()
    return UsageProblem(
        "the question was not answered", hint="answer it, or see --help for an option that does"
    )
