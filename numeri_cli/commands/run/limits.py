"""How long a run may take: until its round closes, or as long as its owner says."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from numeri_cli.commands.context import Context
from numeri_cli.errors import RunOverdue
from numeri_cli.records import Round

WITHOUT_ROUND_SECONDS = 12 * 3600.0  # for what no round's close ends, the waiting for one aside
CLOSE_SECONDS = 15.0  # after its close: the Date header tells whole seconds, and answers take time


@dataclass
class TimeLimits:
    """The deadline of a run, as it goes from one part of its work to the next.

    timeout_seconds: for all of it; None where the owner said nothing
    wait_seconds: how long it may wait for a round and its data before there is one
    """

    timeout_seconds: float | None = None
    wait_seconds: float = 0.0
    _started: float = field(default_factory=time.monotonic)
    _round: Round | None = None
    _closes: float = math.inf  # by the monotonic clock, a moment after the round does

    def begin(self, context: Context) -> None:
        """Set the deadline of work that no round's close ends."""
        self._set(context, WITHOUT_ROUND_SECONDS + self.wait_seconds)

    def enter(self, context: Context, round_: Round) -> None:
        """From now on the work is for a round that is open, and ends with it."""
        left = (round_.deadline - context.client.now()).total_seconds() + CLOSE_SECONDS
        self._round, self._closes = round_, time.monotonic() + left
        self._set(context, left)

    @contextmanager
    def settling(self, context: Context) -> Iterator[None]:
        """Inside, answers about what was sent before the close are waited for after it, too."""
        if self._round is not None:
            left = self._closes - time.monotonic()
            self._set(context, left + context.client.limits.settle_seconds)
        yield
        if self._round is not None:
            self._set(context, self._closes - time.monotonic())

    def leave(self, context: Context) -> None:
        """What is left to do is for no round: everything that was sent is in."""
        self._round = None
        self._set(context, WITHOUT_ROUND_SECONDS)

    def _set(self, context: Context, seconds: float) -> None:
        """Ring after so long, or when the owner's time is up."""
        left = math.inf
        if self.timeout_seconds is not None:
            left = self.timeout_seconds - (time.monotonic() - self._started)
        if self._round is not None and seconds < left:
            overdue = RunOverdue(
                f"round {self._round.number} closed before the run was done",
                hint="`numeri status` tells which models are in, `numeri log` how far it came",
            )
        else:
            words = duration(seconds if self.timeout_seconds is None else self.timeout_seconds)
            overdue = RunOverdue(
                f"the run was not done after {words}",
                hint="`numeri log` tells how far it came; the same command goes on from there,"
                " and --timeout says how long it may take",
            )
        context.deadline.set(min(left, seconds), overdue)


def duration(seconds: float) -> str:
    """Such as "90 seconds", "45 minutes" or "12 hours"."""
    for size, unit in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size and not seconds % size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
