"""One command's Context and screen; errors are shown and become its exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from numeri_cli.cli.options import Shared
from numeri_cli.cli.signals import (
    TerminationAsked,
    interrupted,
    terminated,
    unanswered,
)
from numeri_cli.commands.context import Context
from numeri_cli.errors import ExitCode, MemoryShort, NumeriError
from numeri_cli.files import disk_error
from numeri_cli.home import Home
from numeri_cli.output.screen import Screen

if TYPE_CHECKING:
    from numeri_cli.commands.outcomes import RunResult


class Session:
    """What a command of the terminal has: a Context to work with and a screen to show a record."""

    def __init__(self, command: str, shared: Shared) -> None:
        self.screen = Screen(
            command, as_json=shared.as_json, quiet=shared.quiet, verbose=shared.verbose
        )
        self.context = Context(
            home=Home.find(),
            asked_tournament=shared.tournament,
            asked_profile=shared.profile,
            listener=self.screen.listener,
        )
        self.exit_code = ExitCode.done

    def with_next_steps(self, result: RunResult) -> RunResult:
        """The result of a starter's run, with what to type next."""
        if not self.context.uses_starter:
            return result
        self.context.listener.say(f"Data, model and ledger are in {self.context.home.data}")
        steps = (
            "numeri practice advance",
            "numeri run --tournament practice",
            "numeri init --tournament practice",
        )
        return replace(result, next_steps=steps)


@contextmanager
def open_session(command: str, shared: Shared) -> Iterator[Session]:
    """A Session whose errors are shown and become its exit code; an unknown one passes through."""
    session = Session(command, shared)
    error: NumeriError | None = None
    try:
        yield session
    except NumeriError as ours:
        error = ours
    except KeyboardInterrupt:
        error = interrupted()
    except TerminationAsked:
        error = terminated()
    except typer.Abort as abort:
        sys.stderr.write("\n")  # the cursor stands behind the question
        error = unanswered(abort)
    except BrokenPipeError:
        raise  # whoever read standard output has left: Typer ends quietly
    except MemoryError:
        error = MemoryShort(
            "this machine's memory does not suffice",
            hint="take fewer features or a larger era_stride in the profile",
        )
    except OSError as system:
        error = disk_error(system, Path(system.filename or session.context.home.data))
    finally:
        session.context.close()
    if error is not None:
        session.exit_code = error.exit_code
        session.screen.fail(error)
    session.screen.close(session.exit_code)
