"""What a training on a worker says: sent to whoever has asked for it, who may also end it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from numeri_cli.errors import TerminationAsked
from numeri_cli.progress import SILENT, Listener, Task

EVERY_SECONDS = 0.5  # between two words on how far a bar has come


class TaskCancelled(TerminationAsked):
    """Nobody wants this member any more."""


class WorkerListener:
    """A listener that sends what it hears; each time it looks whether it is to go on.

    send: takes a message; is_cancelled: whether the task is not wanted any more
    """

    def __init__(
        self, key: str, *, send: Callable[[dict[str, Any]], None], is_cancelled: Callable[[], bool]
    ) -> None:
        self.key, self._send, self._is_cancelled = key, send, is_cancelled
        self.steps: Counter[str] = Counter()
        self.said: list[str] = []

    def go_on(self) -> None:
        """Raise TaskCancelled where the task is not wanted any more."""
        if self._is_cancelled():
            raise TaskCancelled

    @contextmanager
    def task(self, label: str, *, total: float | None, unit: str) -> Iterator[Task]:
        """A bar, shown far away."""
        self.go_on()
        bar = _FarBar(self, label=label, total=total, unit=unit)
        bar.send()
        yield bar

    def step(self, name: str) -> None:
        """Count a named point of the work."""
        self.go_on()
        self.steps[name] += 1

    def say(self, text: str) -> None:
        """Send a sentence, each once."""
        if text not in self.said:
            self.said.append(text)
            self._send({"key": self.key, "said": text})

    def send_bar(self, bar: dict[str, Any]) -> None:
        """Send how far a bar has come."""
        self._send({"key": self.key, **bar})


class Relay:
    """The listener of rows that outlast a task: it passes on to whoever works with them now."""

    def __init__(self) -> None:
        self.current: Listener = SILENT

    def task(self, label: str, *, total: float | None, unit: str) -> AbstractContextManager[Task]:
        """A bar of the task that is at work."""
        return self.current.task(label, total=total, unit=unit)

    def step(self, name: str) -> None:
        """A named point of the task that is at work."""
        self.current.step(name)

    def say(self, text: str) -> None:
        """A sentence of the task that is at work."""
        self.current.say(text)


class _FarBar:
    def __init__(
        self, listener: WorkerListener, *, label: str, total: float | None, unit: str
    ) -> None:
        self._listener, self._label, self._total, self._unit = listener, label, total, unit
        self._done, self._note, self._sent_at = 0.0, "", 0.0

    def advance(self, amount: float) -> None:
        self._done += amount
        self._listener.go_on()
        if time.monotonic() - self._sent_at >= EVERY_SECONDS:
            self.send()

    def note(self, text: str) -> None:
        self._note = text

    def send(self) -> None:
        self._sent_at = time.monotonic()
        self._listener.send_bar(
            {
                "label": self._label,
                "total": self._total,
                "unit": self._unit,
                "done": self._done,
                "note": self._note,
            }
        )
