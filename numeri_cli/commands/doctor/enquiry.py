"""A question on its way to the server, beside others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar

from numeri_cli.api.client import Client
from numeri_cli.errors import Unreachable

Answer = TypeVar("Answer")
Question = Callable[[Client], Answer]


class Enquiry(Generic[Answer]):
    """Asked in a thread of its own, since a name server that hangs knows no bound of ours.

    seconds: how long the answer took; ended_at: when it was there
    """

    def __init__(self, question: Question[Answer], client: Client) -> None:
        self.seconds, self.ended_at = 0.0, datetime.now(UTC)
        self._results: list[Answer] = []
        self._errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._ask, args=(question, client), daemon=True)
        self._thread.start()

    def _ask(self, question: Question[Answer], client: Client) -> None:
        started = time.monotonic()
        try:
            self._results.append(question(client))
        except BaseException as error:
            self._errors.append(error)
        self.seconds, self.ended_at = time.monotonic() - started, datetime.now(UTC)

    def answer(self, *, until: float) -> Answer:
        """What was answered. Raises what the client raised, Unreachable where time is up.

        until: a time of the monotonic clock
        """
        self._thread.join(max(until - time.monotonic(), 0.0))
        if self._errors:
            raise self._errors[0]
        if not self._results:
            raise Unreachable(
                "the server did not answer in time", hint="look at the network, then try again"
            )
        return self._results[0]
