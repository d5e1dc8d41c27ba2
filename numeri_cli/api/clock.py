"""The server's time, carried on by this machine's monotonic clock for a few seconds."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

from numeri_cli.api.http.retry import http_date


class ServerClock:
    """Remembers the last Date header and when it came; any thread may hear or ask."""

    def __init__(self) -> None:
        self._date: datetime | None = None
        self._heard_at = 0.0
        self._lock = threading.Lock()

    def hear(self, header: str | None) -> datetime | None:
        """Take in an answer's Date header; returns the time it tells, None where it tells none."""
        date = http_date(header)
        if date is not None:
            with self._lock:
                self._date, self._heard_at = date, time.monotonic()
        return date

    def now(self, *, heard_since: float) -> datetime | None:
        """The server's time, or None where nothing was heard since then, in monotonic seconds."""
        with self._lock:
            date, heard_at = self._date, self._heard_at
        if date is None or heard_at < heard_since:
            return None
        return date + timedelta(seconds=time.monotonic() - heard_at)
