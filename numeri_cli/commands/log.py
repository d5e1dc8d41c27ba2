"""numeri log: what the commands of this machine did, and how each ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from numeri_cli.commands.context import Context
from numeri_cli.errors import RunUnknown, did_you_mean
from numeri_cli.log import Follower, LogLine, read_log
from numeri_cli.published import Published

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class LoggedRun(Published):
    """One command.

    typed: its words; began: of its first line that is kept
    exit_code: None where it has no end: it was killed, or is still at work
    seconds: as far as it is known; error: what it ended with, empty where all went well
    """

    run: str
    command: str
    typed: str
    began: datetime
    seconds: float
    exit_code: int | None = None
    error: str = ""


@dataclass(frozen=True)
class LogView(Published):
    """Runs, the newest first; and the lines of one, where one was asked for."""

    runs: tuple[LoggedRun, ...]
    lines: tuple[LogLine, ...] = ()


def log(context: Context, *, run: str | None = None, limit: int = 20) -> LogView:
    """The newest runs, or one of them with its lines. Raises RunUnknown."""
    found: dict[str, LoggedRun] = {}
    lines: list[LogLine] = []
    for line in read_log(context.home.log):
        found[line.run] = _with(found.get(line.run), line)
        if line.run == run:
            lines.append(line)
    if run is None:
        return LogView(tuple(list(found.values())[: -limit - 1 : -1]))
    if run not in found:
        raise RunUnknown(
            f"the log has no run {run[:60]!r}",
            hint=did_you_mean(run, found, otherwise="`numeri log` lists them"),
        )
    return LogView((found[run],), tuple(lines))


def follow(context: Context, *, run: str | None = None) -> Iterator[LogLine]:
    """Every line that is written from now on, of one run or of all; without end."""
    follower = Follower(context.home.log)
    try:
        while True:
            yield from (line for line in follower.look() if run in (None, line.run))
            time.sleep(LOOK_SECONDS)
    finally:
        follower.close()


def _with(known: LoggedRun | None, line: LogLine) -> LoggedRun:
    """What is known of a run after one more of its lines."""
    if known is None:
        known = LoggedRun(line.run, line.command, "", line.time, line.seconds)
    if line.event == "begin":
        return replace(known, typed=line.words)
    if line.event == "end":
        return replace(known, seconds=line.seconds, exit_code=line.exit_code, error=line.words)
    return replace(known, seconds=max(known.seconds, line.seconds))
