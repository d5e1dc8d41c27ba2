"""The listener that long work reports to; silent unless somebody plugs in a screen."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Task(Protocol):
    """One bar."""

    def advance(self, amount: float) -> None:
        """Add to what is done, in the task's unit."""

    def note(self, text: str) -> None:
        """Say a few words beside the bar."""


class Listener(Protocol):
    """Hears what long work does; never changes it."""

    def task(self, label: str, *, total: float | None, unit: str) -> AbstractContextManager[Task]:
        """Open a bar; total in units, or None where it is not known; unit such as "bytes"."""

    def step(self, name: str) -> None:
        """Pass a named point of the work, such as "upload_authorized"."""

    def say(self, text: str) -> None:
        """Tell the person a sentence."""


class SilentTask:
    """A bar nobody looks at."""

    def advance(self, amount: float) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""


class Silent:
    """The listener that does not listen."""

    def task(self, label: str, *, total: float | None, unit: str) -> AbstractContextManager[Task]:
        """Give a bar nobody looks at."""
        return nullcontext(SilentTask())

    def step(self, name: str) -> None:
        """Do nothing."""

    def say(self, text: str) -> None:
        """Do nothing."""


SILENT: Listener = Silent()
