"""One run at a time, and one that waits: what calls while both are taken is answered by the second.

A run takes every model through the round, so that a third would find nothing left to do.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

Place = Literal["starts", "waits", "joins"]


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A call of the webhook; trigger_id: None where it named none that can be one."""

    trigger_id: str | None


class RunQueue:
    """Calls come in from any thread, and are taken out by the one that starts runs."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: WebhookCall | None = None
        self._waiting: WebhookCall | None = None

    def add(self, call: WebhookCall) -> Place:
        """Take a call in: it starts a run, waits for the one under way, or joins what waits.

        Of several that wait together the newest is kept: it is of the round that is open now.
        """
        with self._changed:
            if self._running is None:
                self._running = call
                self._changed.notify()
                return "starts"
            place: Place = "waits" if self._waiting is None else "joins"
            self._waiting = call
            return place

    def take(self) -> WebhookCall:
        """The call whose run is to start now; waits until there is one."""
        with self._changed:
            while self._running is None:
                self._changed.wait()
            return self._running

    def finish(self) -> None:
        """The run that was started is over; what waits is the next to be taken."""
        with self._changed:
            self._running, self._waiting = self._waiting, None
