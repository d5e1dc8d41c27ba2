"""How often one address may ask: the published limits, kept by one bucket of tokens per field."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

MINUTE = 60.0
# a token comes back a little later than the server's own count says: requests may overtake
SLACK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class PublishedLimit:
    """So many questions for one field in so many seconds."""

    questions: int
    seconds: float = MINUTE


# source: the rate limits that are published for the API, per IP address
PUBLISHED_LIMITS: Mapping[str, PublishedLimit] = {
    "account": PublishedLimit(1000),
    "accountLeaderboard": PublishedLimit(20),
    "assignPickleToModel": PublishedLimit(100),
    "computePickleDataVersions": PublishedLimit(20),
    "computePickleDockerImages": PublishedLimit(20),
    "computePickleUploadAuth": PublishedLimit(20),
    "computePickles": PublishedLimit(600),
    "createComputePickleUpload": PublishedLimit(3, 30 * MINUTE),
    "createDiagnostics": PublishedLimit(5),
    "createSubmission": PublishedLimit(500),
    "dataset": PublishedLimit(200),
    "diagnostics": PublishedLimit(50),
    "diagnosticsTriggerLogs": PublishedLimit(20),
    "latestNmrPrice": PublishedLimit(100),
    "listDatasets": PublishedLimit(10),
    "pendingModelPayouts": PublishedLimit(100),
    "roundDetails": PublishedLimit(100),
    "rounds": PublishedLimit(250),
    "setSubmissionWebhook": PublishedLimit(50),
    "submissionScores": PublishedLimit(300),
    "submissionUploadAuth": PublishedLimit(1000),
    "submissions": PublishedLimit(100),
    "tournaments": PublishedLimit(10),
    "triggerComputePickleUpload": PublishedLimit(3, 10 * MINUTE),
    "triggerLogs": PublishedLimit(20),
    "triggerModelWebhook": PublishedLimit(50),
    "v2Leaderboard": PublishedLimit(200),
    "v2RoundModelPerformances": PublishedLimit(500),
    "v3UserProfile": PublishedLimit(300),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Tokens that were taken, and how long to wait before they may be used.

    field: for which one waits; empty where nobody has to
    """

    wait_seconds: float
    field: str = ""


class TokenBucket:
    """One token for each question that a field allows; each comes back after the limit's time.

    Clients that speak with the same host from this process share one. Any thread may take
    tokens: they are given in the order in which they were asked for. It knows nothing of other
    processes behind the same address: what they use up together the server refuses with 429, and
    then each waits and asks again.
    seconds: a monotonic clock
    """

    def __init__(
        self,
        limits: Mapping[str, PublishedLimit] = PUBLISHED_LIMITS,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._seconds = seconds
        self._taken: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def reserve(
        self, fields: Sequence[str], *, deadline: float | None = None
    ) -> Reservation | None:
        """Take one token for each of these fields, a field named twice counting twice.

        deadline: on the monotonic clock
        returns: how long to wait before asking; None, with nothing taken, where that would not
            be before the deadline
        """
        counts = {name: count for name, count in Counter(fields).items() if name in self._limits}
        with self._lock:
            now = self._seconds()
            moments = {name: self._free_at(name, count, now=now) for name, count in counts.items()}
            moment = max(moments.values(), default=now)
            if deadline is not None and moment > now and moment >= deadline:
                return None
            for name, count in counts.items():
                self._taken[name].extend([moment] * count)
        if moment <= now:
            return Reservation(wait_seconds=0.0)
        return Reservation(wait_seconds=moment - now, field=max(moments, key=moments.__getitem__))

    def limit(self, field: str) -> PublishedLimit | None:
        """What is published for a field; None for nothing."""
        return self._limits.get(field)

    def _free_at(self, name: str, count: int, *, now: float) -> float:
        """When so many tokens are there at once."""
        limit = self._limits[name]
        taken = self._taken.setdefault(name, deque(maxlen=limit.questions))
        surplus = len(taken) + min(count, limit.questions) - limit.questions
        if surplus <= 0:
            return max(now, taken[-1]) if taken else now
        return max(now, taken[-1], taken[surplus - 1] + limit.seconds + SLACK_SECONDS)
