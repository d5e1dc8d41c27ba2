"""A clock that runs: practice time moves at a chosen speed while the tournament is served."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from numeri_cli.errors import UsageProblem

STANDING = "standing"
_RUNNING = re.compile(r"running(?::(\d+(?:\.\d+)?))?")
FASTEST = 1_000_000.0


def speed_of(words: str) -> float | None:
    """Practice seconds per real second; None for "standing". Raises UsageProblem.

    words: "standing", "running" (speed 1) or "running:SPEED"
    """
    if words == STANDING:
        return None
    match = _RUNNING.fullmatch(words)
    speed = float(match[1] or 1) if match else 0.0
    if not 0 < speed <= FASTEST:
        raise UsageProblem(
            f"the clock cannot be {words!r}",
            hint="say standing, running, or running:60 for a minute a second",
        )
    return speed


class RunningClock:
    """Runs on from a stored moment; starts again from there whenever that was moved on.

    speed: practice seconds per real second; seconds: a monotonic clock
    """

    def __init__(self, speed: float, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._seconds = seconds
        self._lock = threading.Lock()
        self._moves: tuple[int, ...] = ()
        self._base_moment: datetime | None = None
        self._base_seconds = 0.0

    def read(self, stored: datetime, *, moves: tuple[int, ...]) -> datetime:
        """The time now, given what is stored.

        moves: grows whenever what is stored was moved on, not by this clock; of two threads the
        one that has read older ones changes nothing
        """
        with self._lock:
            if self._base_moment is None or moves > self._moves:
                self._moves, self._base_moment = moves, stored
                self._base_seconds = self._seconds()
            passed = (self._seconds() - self._base_seconds) * self.speed
            return self._base_moment + timedelta(seconds=passed)
