"""The Typer application; main() turns whatever happens into an exit code."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Container
from pathlib import Path

import typer

from numeri_cli import __version__
from numeri_cli.cli import (
    diagnostics as diagnose,
)
from numeri_cli.cli import (
    learn,
    practice,
    practice_results,
    prepare,
    rounds,
    schedule,
    validate,
)
from numeri_cli.cli import (
    models as desk,
)
from numeri_cli.cli.options import describe
from numeri_cli.cli.signals import (
    TerminationAsked,
    terminate,
    terminated,
)
from numeri_cli.errors import DiskError, ExitCode, NumeriError, UsageProblem

app = typer.Typer(
    name=None,
    help="Numeri takes part in the Numerai tournament: data, models, submissions, proof.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"numeri {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    pass


for room in (prepare, learn, validate, diagnose, rounds, desk):
    room.add_to(app)
practice_results.add_to(practice.app)
app.add_typer(practice.app)
app.add_typer(schedule.app)


def application(words: Container[str] | None = None) -> typer.Typer:
    """The application, with the options of the commands among the words, or of all."""
    describe(words)
    return app


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the return value is the exit code of the process."""
    words = sys.argv[1:] if arguments is None else arguments
    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        result = application(words)(args=words, prog_name="numeri", standalone_mode=False)
    except typer.TyperException as error:
        return _usage(error, words)
    except TerminationAsked:  # before a session opened, or after it closed
        return _refused(terminated(), words, command="")
    except NumeriError as error:  # there is no home to open a session in, or nowhere to write to
        return _refused(error, words, command="")
    except OSError as error:
        from numeri_cli.files import disk_error

        return _refused(disk_error(error, Path("standard output")), words, command="")
    finally:
        signal.signal(signal.SIGTERM, previous)
    return int(result) if isinstance(result, int) else 0


def _usage(error: typer.TyperException, words: list[str]) -> int:
    """What Typer has against the words on the command line, said our way."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else " ".join(["numeri", *words[:1]])
    message = str(getattr(error, "format_message", lambda: error)()).rstrip(".")
    if context is not None and message == context.get_help().rstrip("."):  # no command at all
        sys.stderr.write(f"{context.get_help()}\n")
        return int(ExitCode.usage)
    if unknown := re.fullmatch(r"No such option: (-\d?)", message):  # as much as Typer shows
        numbers = (word for word in words if re.match(r"-\.?\d", word))
        negative = next((word for word in numbers if word.startswith(unknown[1])), unknown[1])
        message = f"{negative[:40]} is negative: no argument of a command may be"
    problem = UsageProblem(message, hint=f"`{path} --help`")
    return _refused(problem, words, command=path.removeprefix("numeri").strip())


def _refused(error: NumeriError, words: list[str], *, command: str) -> int:
    """An error outside of any session, shown as those inside are."""
    from numeri_cli.output.screen import Screen

    mute = isinstance(error, DiskError)
    if mute:  # what is left in the buffer would fail again at the end of the process
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    screen = Screen(command, as_json="--json" in words and not mute, quiet=False, verbose=False)
    screen.fail(error)
    screen.close(error.exit_code)
    return int(error.exit_code)
