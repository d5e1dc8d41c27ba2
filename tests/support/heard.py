"""A listener that remembers what it heard."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from numeri_cli.progress import SilentTask, Task


@dataclass
class Heard:
    """Sentences and steps, in their order."""

    said: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def task(self, label: str, *, total: float | None, unit: str) -> AbstractContextManager[Task]:
        """No bar."""
        return nullcontext(SilentTask())

    def step(self, name: str) -> None:
        """Remember it."""
        self.steps.append(name)

    def say(self, text: str) -> None:
        """Remember it."""
        self.said.append(text)
