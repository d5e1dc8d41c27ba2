"""`numeri run` in a process that kills itself at a named step of the work.

python -m tests.faults.driver STEP[:COUNT] [words of the command]
COUNT: at which passing of the step, 1 by default; the step "none" only lists what is passed.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import AbstractContextManager

from numeri_cli.cli.run import seconds_of
from numeri_cli.commands.context import Context
from numeri_cli.commands.run.outcomes import Allowed
from numeri_cli.commands.run.run import run
from numeri_cli.errors import NumeriError
from numeri_cli.home import Home
from numeri_cli.progress import SILENT, Task


class Killer:
    """A listener that ends its own process, at once and without a farewell."""

    def __init__(self, step: str, *, count: int) -> None:
        self._step, self._left = step, count

    def task(self, label: str, *, total: float | None, unit: str) -> AbstractContextManager[Task]:
        """No bar."""
        return SILENT.task(label, total=total, unit=unit)

    def say(self, text: str) -> None:
        """Nobody listens."""

    def step(self, name: str) -> None:
        """Tell the step, and die where it is the one."""
        print(name, flush=True)
        if name == self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main(place: str, wait: str = "0s") -> int:
    """The exit code of a run that came to its end."""
    step, _, count = place.partition(":")
    context = Context(home=Home.find(), listener=Killer(step, count=int(count or 1)))
    try:
        return int(run(context, allowed=Allowed(), wait_seconds=seconds_of(wait)).exit_code)
    except NumeriError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return int(error.exit_code)
    finally:
        context.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
