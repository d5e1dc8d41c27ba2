"""The server's time between two answers."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from numeri_cli.api.clock import ServerClock

SUNDAY = "Sun, 29 Nov 2026 14:00:00 GMT"


def test_an_answer_since_the_question_counts_however_late_a_busy_machine_looks_at_it() -> None:
    clock = ServerClock()
    asked_at = time.monotonic()
    clock.hear(SUNDAY)
    time.sleep(0.05)
    known = clock.now(heard_since=asked_at)
    assert known is not None
    assert known >= datetime(2026, 11, 29, 14, tzinfo=UTC) + timedelta(milliseconds=50)
    assert clock.now(heard_since=time.monotonic()) is None


def test_before_a_date_was_heard_there_is_no_time() -> None:
    clock = ServerClock()
    clock.hear(None)
    assert clock.now(heard_since=0.0) is None
