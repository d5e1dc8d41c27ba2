"""The server's time, carried on by this machine's monotonic clock for a few seconds."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from numeri_cli.api.http.retry import http_date


class ServerClock:
    """Remembers the last Date header and when it came."""

    def __init__(self) -> None:
        self._date: datetime | None = None
        self._heard_at = 0.0

    def forget(self) -> None:
        """Only what is heard from now on counts."""
        self._date = None

    def hear(self, header: str | None) -> datetime | None:
        """Take in an answer's Date header; returns the time it tells, None where it tells none."""
        date = http_date(header)
        if date is not None:
            self._date, self._heard_at = date, time.monotonic()
        return date

    def now(self, *, at_most_old: float) -> datetime | None:
        """The server's time, or None where nothing was heard for `at_most_old` seconds."""
        age = time.monotonic() - self._heard_at
        if self._date is None or age > at_most_old:
            return None
        return self._date + timedelta(seconds=age)
