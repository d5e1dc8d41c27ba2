"""The round: which is the newest, whether it takes submissions, and waiting until it does."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from numeri_cli.api.client import Client
from numeri_cli.commands.context import Context
from numeri_cli.errors import NoRoundOpen, NumeriError, RoundClosed
from numeri_cli.records import Round

POLL_SECONDS = 20.0  # a look at live data takes two requests
_LOOKED_AT = 5  # so many rounds back, where none is open


@dataclass(frozen=True)
class Waiting:
    """How long a command may wait, by the monotonic clock, counted from when this is made."""

    seconds: float = 0.0
    started: float = field(default_factory=time.monotonic)

    @property
    def left_seconds(self) -> float:
        """What is left of it; below zero once it is over."""
        return self.seconds - (time.monotonic() - self.started)

    def pause(self, most_seconds: float = POLL_SECONDS) -> None:
        """Sleep until it is time for another look."""
        time.sleep(max(0.0, min(POLL_SECONDS, self.left_seconds, most_seconds)))


def newest_round(client: Client) -> Round:
    """The open round, else the one that opened last. Raises NoRoundOpen where there is none."""
    try:
        return client.current_round()
    except NoRoundOpen:
        now = client.now()
        known = [item for item in client.rounds(limit=_LOOKED_AT) if item.open_time <= now]
        if not known:
            raise
        return max(known, key=lambda item: item.number)


def open_round(context: Context, waiting: Waiting) -> Round:
    """The round that takes submissions; waits for it to open. Raises NoRoundOpen, RoundClosed."""
    said = False
    while True:
        found = None
        try:
            found = context.client.current_round()
            require_open(found, context.client.now())
            return found
        except NoRoundOpen as error:
            problem = error
        if waiting.left_seconds <= 0:
            raise none_open(context.client, problem) if found is None else problem
        if not said:
            context.listener.say("no round is open yet: waiting")
            context.listener.step("waiting_for_round")
            said = True
        waiting.pause()


def none_open(client: Client, error: NoRoundOpen) -> NoRoundOpen:
    """The error, naming the round that closed last where the server tells of one."""
    try:
        known = [item for item in client.rounds(limit=_LOOKED_AT) if item.deadline <= client.now()]
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
