"""Trying again: for troubles that may pass, with growing pauses, never past a deadline."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from numeri_cli.api.http.limits import Limits
from numeri_cli.errors import NumeriError

Answer = TypeVar("Answer")
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


class Passing(Exception):
    """A trouble that may pass; carries the error to show if it does not.

    after_seconds: what the server's Retry-After asks for, None where it asks for nothing
    at_work: whether the server may still be doing what it was asked to
    """

    def __init__(
        self, error: NumeriError, *, after_seconds: float | None = None, at_work: bool = False
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.after_seconds = after_seconds
        self.at_work = at_work


def retried(
    call: Callable[[], Answer],
    *,
    limits: Limits,
    deadline: float | None = None,
    progress: Callable[[], float] = lambda: 0,
    rest: Callable[[float], object] = time.sleep,
    tell: Callable[[str], object] = lambda _: None,
) -> Answer:
    """Call until it works; stop at a lasting error, after the attempts, or before the deadline.

    deadline: on the monotonic clock, in seconds
    progress: a number that grows while something is achieved; attempts are counted anew after that
    rest: waits so many seconds, or less where the next call will see that it is not wanted
    tell: is told once what is waited for, where that takes longer than `silent_seconds`
    Raises the error inside the last Passing, and every other error at once.
    """
    failures, achieved = 0, progress()
    since, is_told = time.monotonic(), False
    while True:
        try:
            return call()
        except Passing as trouble:
            now = progress()
            failures, achieved = (1 if now > achieved else failures + 1), now
            wait = pause_seconds(failures, limits=limits, after_seconds=trouble.after_seconds)
            late = deadline is not None and time.monotonic() + wait >= deadline
            if wait < 0:
                raise _asked_to_wait(trouble) from trouble
            if failures >= limits.attempts or late:
                trouble.error.after_seconds = trouble.after_seconds
                raise trouble.error from trouble
            if not is_told and time.monotonic() + wait - since > limits.silent_seconds:
                is_told = True
                left = limits.attempts - failures
                tell(f"{trouble.error.message}; trying {_times(left)} in {math.ceil(wait)} s")
        rest(wait)


def _times(count: int) -> str:
    return "once more" if count == 1 else f"up to {count} times more, the first"


def _asked_to_wait(trouble: Passing) -> NumeriError:
    """The error for a pause that is longer than our patience, with the time it asks for."""
    seconds, error = trouble.after_seconds or 0.0, trouble.error
    spoken = f"{math.ceil(seconds)} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"
    return type(error)(
        f"{error.message}; it asks us to come back in {spoken}",
        hint=f"run the same command again in {spoken}; `numeri run --wait` waits for it",
        after_seconds=seconds,
    )


def pause_seconds(failures: int, *, limits: Limits, after_seconds: float | None) -> float:
    """Seconds before the next attempt; negative where the server asks for more than we may wait."""
    doubled = limits.backoff_start_seconds * 2.0 ** min(failures - 1, 30)
    backoff = min(limits.backoff_max_seconds, doubled) * random.uniform(0.5, 1.0)
    if after_seconds is None:
        return backoff
    return -1.0 if after_seconds > limits.retry_after_seconds else max(after_seconds, 0.0)


def retry_after(header: str | None, *, date: datetime | None) -> float | None:
    """Seconds a Retry-After header asks for; a time in it is compared with the answer's Date."""
    if header is None:
        return None
    if header.strip().isascii() and header.strip().isdigit():
        return float(header.strip()[:9])
    moment = http_date(header)
    if moment is None or date is None:
        return None
    return max(0.0, (moment - date).total_seconds())


def http_date(header: str | None) -> datetime | None:
    """An HTTP date as an aware time; None where there is none, or none that a server can mean."""
    try:
        moment = parsedate_to_datetime(header) if header else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment is None or moment.tzinfo is None or not is_plausible(moment):
        return None
    return moment


def is_plausible(moment: datetime) -> bool:
    """Whether a server can mean this time, so that days may be added to it and taken off."""
    return _FIRST_YEAR <= moment.year <= _LAST_YEAR
