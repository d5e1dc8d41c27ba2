"""One bar for each member that grows somewhere else."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from numeri_cli.progress import Listener, Task


@dataclass
class _OpenBar:
    name: tuple[Any, ...]
    context: AbstractContextManager[Task]
    task: Task
    done: float = 0.0
    note: str = ""


@dataclass
class FarBars:
    """The bars of tasks that run on workers, by the tasks' keys."""

    listener: Listener
    open: dict[str, _OpenBar] = field(default_factory=dict)

    def show(self, key: str, message: dict[str, Any]) -> None:
        """Open a task's bar, or move it to where the worker says that it is.

        message: label, total, unit, done and note, as `WorkerListener` sends them
        """
        name = (message["label"], message["total"], message["unit"])
        bar = self.open.get(key)
        if bar is None or bar.name != name:
            self.end(key)
            context = self.listener.task(name[0], total=name[1], unit=name[2])
            bar = self.open[key] = _OpenBar(name, context, context.__enter__())
        done = float(message["done"])
        if done > bar.done:  # a task that was begun again stands still until it is there
            bar.task.advance(done - bar.done)
            bar.done = done
        if message["note"] != bar.note:
            bar.note = str(message["note"])
            bar.task.note(bar.note)

    def end(self, key: str) -> None:
        """Take a task's bar away."""
        bar = self.open.pop(key, None)
        if bar is not None:
            bar.context.__exit__(None, None, None)

    def close(self) -> None:
        """Take all bars away."""
        for key in list(self.open):
            self.end(key)
