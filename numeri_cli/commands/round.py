"""Waiting for a round to open and for its data, by the server's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.account import closed
from numeri_cli.commands.context import Context
from numeri_cli.commands.datasets import bring_live
from numeri_cli.errors import LiveDataStale, NoRoundOpen
from numeri_cli.records import Round

POLL_SECONDS = 20.0  # a look at live data takes two requests


@dataclass(frozen=True)
class Patience:
    """How long to wait, by the monotonic clock, and between two looks.

    sleep: what lets the time pass; seconds
    """

    wait_seconds: float = 0.0
    poll_seconds: float = POLL_SECONDS
    sleep: Callable[[float], None] = time.sleep


def open_round(context: Context, patience: Patience, *, started: float) -> Round:
    """The round that takes submissions; waits for it to open. Raises NoRoundOpen.

    started: when waiting began, on the monotonic clock
    """
    said = False
    while True:
        found = None
        try:
            found = context.client.current_round()
            if found.open_time <= context.client.now():
                return found
            problem = NoRoundOpen(
                f"round {found.number} opens at {found.open_time:%a %H:%M} UTC",
                hint="`numeri run --wait 1h` waits for it",
            )
        except NoRoundOpen as error:
            problem = error
        left = patience.wait_seconds - (time.monotonic() - started)
        if left <= 0:
            raise closed(context, problem) if found is None else problem
        if not said:
            context.listener.say("no round is open yet: waiting")
            context.listener.step("waiting_for_round")
            said = True
        patience.sleep(min(patience.poll_seconds, left))


def await_live_data(context: Context, round_: Round, patience: Patience, *, started: float) -> Path:
    """The live file of this round; waits until it is published, at most until the deadline.

    Raises LiveDataStale where time is up.
    """
    while True:
        try:
            return bring_live(context, round_)
        except LiveDataStale:
            until_deadline = (round_.deadline - context.client.now()).total_seconds()
            left = patience.wait_seconds - (time.monotonic() - started)
            if min(left, until_deadline) <= 0:
                raise
        context.listener.step("waiting_for_live_data")
        patience.sleep(min(patience.poll_seconds, left, until_deadline))
