"""Bars in a terminal while work lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, ProgressColumn, TaskID
from rich.progress import Task as RichTask
from rich.text import Text

from numeri_cli.output.bar_line import BarFacts, bar_line
from numeri_cli.output.progress import Sentences
from numeri_cli.progress import Task

FEW = 100  # models or trials, which come one by one


class OneLine(ProgressColumn):
    """All that is told of a task, in one line of the terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def render(self, task: RichTask) -> Text:
        speed = _speed(task)
        facts = BarFacts(
            label=task.description,
            unit=task.fields["unit"],
            done=task.completed,
            total=task.total,
            speed=speed,
            elapsed=task.elapsed or 0.0,
            left=(task.remaining or 0.0) / speed if task.total and speed else None,
            note=task.fields["note"],
        )
        return bar_line(facts, width=self._console.size.width)


def _speed(task: RichTask) -> float | None:
    """Units a second; of a few things, no more than since the beginning.

    What several machines make comes in twos and threes, and would look like a hundred a minute.
    """
    if not task.speed or not task.total or task.total > FEW or not task.elapsed:
        return task.speed
    return min(task.speed, task.completed / task.elapsed)


class _BarTask:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self, amount: float) -> None:
        self._progress.advance(self._task, amount)

    def note(self, text: str) -> None:
        self._progress.update(self._task, note=text)


class Bars(Sentences):
    """Bars while work lasts; they leave no trace."""

    def __init__(self, console: Console, *, quiet: bool, verbose: bool) -> None:
        super().__init__(console, quiet=quiet, verbose=verbose)
        self._progress = Progress(
            OneLine(console),
            console=console,
            transient=True,
            expand=True,
        )
        self._open = 0

    @contextmanager
    def task(self, label: str, *, total: float | None, unit: str) -> Iterator[Task]:
        """A bar with what is done, the speed and the time left."""
        with super().task(label, total=total, unit=unit):
            if self._open == 0:
                self._progress.start()
            self._open += 1
            task = self._progress.add_task(label, total=total, unit=unit, note="")
            try:
                yield _BarTask(self._progress, task)
            finally:
                self._progress.remove_task(task)
                self._open -= 1
                if self._open == 0:
                    self._progress.stop()
