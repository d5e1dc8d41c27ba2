"""What a person is told while work lasts: plain sentences; bars.py has a terminal's bars."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console

from numeri_cli.inert_text import inert
from numeri_cli.output.program import as_called
from numeri_cli.progress import SilentTask, Task


class Sentences:
    """Says sentences on standard error; steps too, with their time, where asked to be verbose."""

    def __init__(self, console: Console, *, quiet: bool, verbose: bool) -> None:
        self._console, self._quiet, self._verbose = console, quiet, verbose

    @contextmanager
    def task(self, label: str, *, total: float | None, unit: str) -> Iterator[Task]:
        """No bar; where verbose, a line when the task ends and what it took."""
        started = time.monotonic()
        yield SilentTask()
        if self._verbose:
            self.step(f"{label}: {time.monotonic() - started:.1f} s")

    def step(self, name: str) -> None:
        """A named point of the work, with its time, where asked to be verbose."""
        if self._verbose:
            moment = datetime.now(UTC).strftime("%H:%M:%SZ")
            self._console.print(f"{moment} {name}", style="dim", highlight=False, markup=False)

    def say(self, text: str) -> None:
        """A sentence, unless asked to be quiet."""
        if not self._quiet:
            self._console.print(
                as_called(inert(text)), highlight=False, markup=False, soft_wrap=True
            )
