"""The round: which is the newest, whether it takes submissions, and waiting until it does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from numeri_cli.api.client import Client
from numeri_cli.commands.context import Context
from numeri_cli.commands.plausible_round import without_jumps
from numeri_cli.errors import NoRoundOpen, NumeriError, RoundClosed
from numeri_cli.records import Round

POLL_SECONDS = 20.0  # a look at live data takes two requests
_FIRST_PAUSE_SECONDS = 1.0
_LOOKED_AT = 5  # so many rounds back, where none is open
Found = TypeVar("Found")


@dataclass
class Waiting:
    """How long a command may wait, by the monotonic clock, counted from when this is made.

    pauses: how often it has paused; each pause is twice as long as the one before
    """

    seconds: float = 0.0
    started: float = field(default_factory=time.monotonic)
    pauses: int = 0

    @property
    def left_seconds(self) -> float:
        """What is left of it; below zero once it is over."""
        return self.seconds - (time.monotonic() - self.started)

    def pause(self, *, at_least_seconds: float = 0.0, at_most_seconds: float = math.inf) -> None:
        """Sleep until it is time for another look, and no longer than is left."""
        usual = min(POLL_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(self.pauses, 30))
        self.pauses += 1
        wanted = max(usual, at_least_seconds)
        time.sleep(max(0.0, min(wanted, self.left_seconds, at_most_seconds)))


def newest_round(client: Client) -> Round:
    """The open round, else the one that opened last. Raises NoRoundOpen where there is none."""
    try:
        return client.current_round()
    except NoRoundOpen:
        now = client.now()
        listed = without_jumps(client.rounds(limit=_LOOKED_AT))
        known = [item for item in listed if item.open_time <= now]
        if not known:
            raise
        return client.judged(max(known, key=lambda item: item.number))


def open_round(context: Context, waiting: Waiting) -> Round:
    """The round that takes submissions; waits for it to open, and for trouble to pass.

    Raises NoRoundOpen, RoundClosed, and what the client raises, once time is up.
    """

    answered: list[Round] = []

    def look() -> Round:
        answered.clear()
        found = context.client.current_round()
        answered.append(found)
        require_open(found, context.client.now())
        return found

    try:
        return outlasting(context, waiting, look, step="waiting_for_round")
    except NoRoundOpen as error:
        raise (error if answered else none_open(context.client, error)) from None


def outlasting(
    context: Context, waiting: Waiting, look: Callable[[], Found], *, step: str
) -> Found:
    """What `look` finds; looked for again while its trouble may pass and there is time.

    Time is up with `waiting`, or with the client's deadline in this thread; then the last trouble
    is raised. What is waited for is said once; step: its name for the listener.
    """
    said: set[str] = set()
    while True:
        try:
            return look()
        except NumeriError as trouble:
            until = context.client.deadline
            left = math.inf if until is None else until - time.monotonic()
            if not trouble.may_pass or min(left, waiting.left_seconds) <= 0:
                raise
            words = _waited_for(trouble)
            if words not in said:
                context.listener.say(words)
                said.add(words)
            pause_seconds = trouble.after_seconds or 0.0
        context.listener.step(step)
        waiting.pause(at_least_seconds=pause_seconds, at_most_seconds=left)


def _waited_for(trouble: NumeriError) -> str:
    if isinstance(trouble, NoRoundOpen):
        return "no round is open yet: waiting"
    if isinstance(trouble, RoundClosed):
        return "no other round is open yet: waiting"
    return f"waiting: {trouble.message}"


def none_open(client: Client, error: NoRoundOpen) -> NoRoundOpen:
    """The error, naming the round that closed last where the server tells of one."""
    try:
        listed = without_jumps(client.rounds(limit=_LOOKED_AT))
        known = [item for item in listed if item.deadline <= client.now()]
    except NumeriError:
        return error
    if not known:
        return error
    last = max(known, key=lambda item: item.number)
    return NoRoundOpen(
        f"no round is open: round {last.number} closed at {last.deadline:%a %H:%M} UTC",
        hint="`numeri run --wait 24h` waits for the next one; `--late` submits to this one,"
        " scored without stake",
    )


def require_open(round_: Round, now: datetime, *, late: bool = False) -> None:
    """Raise NoRoundOpen before the round opens, RoundClosed once it is over and not `late`."""
    if now < round_.open_time:
        raise NoRoundOpen(
            f"round {round_.number} opens at {round_.open_time:%a %H:%M} UTC,"
            f" in {_spoken(round_.open_time - now)}",
            hint="`numeri run --wait 2h` waits for it",
        )
    if now >= round_.deadline and not late:
        raise RoundClosed(
            f"round {round_.number} closed at {round_.deadline:%a %H:%M} UTC,"
            f" {_spoken(now - round_.deadline)} ago",
            hint="`numeri schedule install` is in time for the next; `--late` submits all the"
            " same, scored without stake",
        )


def _spoken(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"
