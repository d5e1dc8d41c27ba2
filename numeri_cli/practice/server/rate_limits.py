"""How often one address may ask: the published limits of the real API, kept where it is wished."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

MINUTE = 60.0
MOST_WINDOWS = 10_000  # of addresses and names that are remembered at once


@dataclass(frozen=True)
class Rate:
    """So many calls in so many seconds, whenever one begins to count."""

    calls: int
    seconds: float = MINUTE


# source: the rate limits published for the real API, per IP address
PUBLISHED: Mapping[str, Rate] = {
    "account": Rate(1000),
    "accountLeaderboard": Rate(20),
    "assignPickleToModel": Rate(100),
    "computePickleDataVersions": Rate(20),
    "computePickleDockerImages": Rate(20),
    "computePickleUploadAuth": Rate(20),
    "computePickles": Rate(600),
    "createComputePickleUpload": Rate(3, 30 * MINUTE),
    "createDiagnostics": Rate(5),
    "createSubmission": Rate(500),
    "dataset": Rate(200),
    "diagnostics": Rate(50),
    "diagnosticsTriggerLogs": Rate(20),
    "latestNmrPrice": Rate(100),
    "listDatasets": Rate(10),
    "pendingModelPayouts": Rate(100),
    "roundDetails": Rate(100),
    "rounds": Rate(250),
    "setSubmissionWebhook": Rate(50),
    "submissionScores": Rate(300),
    "submissionUploadAuth": Rate(1000),
    "submissions": Rate(100),
    "tournaments": Rate(10),
    "triggerComputePickleUpload": Rate(3, 10 * MINUTE),
    "triggerLogs": Rate(20),
    "triggerModelWebhook": Rate(50),
    "v2Leaderboard": Rate(200),
    "v2RoundModelPerformances": Rate(500),
    "v3UserProfile": Rate(300),
}


@dataclass(frozen=True, kw_only=True)
class Excess:
    """A question that comes too soon, and after how many whole seconds it may come again."""

    name: str
    rate: Rate
    wait_seconds: int


class RateLimiter:
    """Counts calls by address and name; may be asked from any thread.

    seconds: a monotonic clock
    """

    def __init__(
        self,
        rates: Mapping[str, Rate] = PUBLISHED,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rates = rates
        self._seconds = seconds
        self._calls: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()

    def excess(self, address: str, names: Sequence[str]) -> Excess | None:
        """Count one request that asks for all these; None where it may be answered.

        A request that is refused does not count.
        """
        with self._lock:
            now = self._seconds()
            asked = {name: count for name, count in Counter(names).items() if name in self._rates}
            over = [
                self._over(address, name, count=count, now=now) for name, count in asked.items()
            ]
            worst = max(filter(None, over), key=lambda one: one.wait_seconds, default=None)
            if worst is None:
                for name, count in asked.items():
                    self._calls[address, name].extend([now] * count)
            return worst

    def _over(self, address: str, name: str, *, count: int, now: float) -> Excess | None:
        rate = self._rates[name]
        calls = self._window(address, name)
        while calls and now >= calls[0] + rate.seconds:
            calls.popleft()
        surplus = len(calls) + count - rate.calls
        if surplus <= 0:
            return None
        # it fits when so many of the oldest have left the window; never, where it is too much alone
        freed = (calls[min(surplus, len(calls)) - 1] if calls else now) + rate.seconds
        wait = max(1, math.ceil(freed - now))
        return Excess(
            name=name, rate=rate, wait_seconds=wait if now + wait >= freed else wait + 1
        )  # where it was rounded

    def _window(self, address: str, name: str) -> deque[float]:
        if len(self._calls) > MOST_WINDOWS:
            self._calls.clear()
        return self._calls.setdefault((address, name), deque())
