"""The Typer application: every command by its words; main() gives the exit code."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from numeri_cli.cli import schedule
from numeri_cli.cli.account import account
from numeri_cli.cli.backtest import backtest
from numeri_cli.cli.clean import clean
from numeri_cli.cli.command import Command, CommandGroup
from numeri_cli.cli.completion import VARIABLE, complete, words_on_line
from numeri_cli.cli.datasets import datasets
from numeri_cli.cli.diagnostics import diagnostics
from numeri_cli.cli.doctor import doctor
from numeri_cli.cli.download import download
from numeri_cli.cli.explain import explain
from numeri_cli.cli.guide import guide
from numeri_cli.cli.help_text import RootGroup, SentenceGroup
from numeri_cli.cli.hosted import webhook
from numeri_cli.cli.hosted.assign import assign
from numeri_cli.cli.hosted.assign import remove as hosted_remove
from numeri_cli.cli.hosted.check import check as hosted_check
from numeri_cli.cli.hosted.download import download as hosted_download
from numeri_cli.cli.hosted.logs import logs as hosted_logs
from numeri_cli.cli.hosted.run import run as hosted_run
from numeri_cli.cli.hosted.status import status as hosted_status
from numeri_cli.cli.hosted.upload import upload as hosted_upload
from numeri_cli.cli.init import init
from numeri_cli.cli.leaderboard import leaderboard
from numeri_cli.cli.listen import listen
from numeri_cli.cli.log import log
from numeri_cli.cli.login import login
from numeri_cli.cli.logout import logout
from numeri_cli.cli.mcp import mcp
from numeri_cli.cli.models import export_model, import_model, models, trust
from numeri_cli.cli.neutralize import neutralize
from numeri_cli.cli.notify import notify
from numeri_cli.cli.payouts import payouts
from numeri_cli.cli.practice.add_model import add_model
from numeri_cli.cli.practice.advance import advance
from numeri_cli.cli.practice.create import create
from numeri_cli.cli.practice.fund import fund
from numeri_cli.cli.practice.leaderboard import leaderboard as practice_leaderboard
from numeri_cli.cli.practice.reset import reset
from numeri_cli.cli.practice.serve import serve
from numeri_cli.cli.practice.stake import stake
from numeri_cli.cli.practice.status import status as practice_status
from numeri_cli.cli.predict import predict
from numeri_cli.cli.retrain import retrain
from numeri_cli.cli.rounds import rounds
from numeri_cli.cli.run import run
from numeri_cli.cli.scores import scores
from numeri_cli.cli.signals import (
    hung_up,
    never_deaf,
    never_ignored,
    stopped,
    terminate,
    terminated,
)
from numeri_cli.cli.stakes import stakes
from numeri_cli.cli.status import status
from numeri_cli.cli.submissions import submissions
from numeri_cli.cli.submit import submit
from numeri_cli.cli.train import train
from numeri_cli.cli.tune import tune
from numeri_cli.cli.validate import validate
from numeri_cli.errors import (
    DiskError,
    ExitCode,
    NumeriError,
    TerminationAsked,
    TimeIsUp,
    UsageProblem,
)
from numeri_cli.threads import thread_trouble

COMMANDS: Mapping[str, Callable[..., None]] = {
    "init": init,
    "login": login,
    "logout": logout,
    "datasets": datasets,
    "download": download,
    "train": train,
    "predict": predict,
    "backtest": backtest,
    "tune": tune,
    "neutralize": neutralize,
    "validate": validate,
    "diagnostics": diagnostics,
    "submit": submit,
    "run": run,
    "status": status,
    "rounds": rounds,
    "scores": scores,
    "payouts": payouts,
    "submissions": submissions,
    "account": account,
    "stakes": stakes,
    "leaderboard": leaderboard,
    "models": models,
    "models export": export_model,
    "models import": import_model,
    "models trust": trust,
    "retrain": retrain,
    "doctor": doctor,
    "clean": clean,
    "log": log,
    "notify": notify,
    "listen": listen,
    "guide": guide,
    "mcp": mcp,
    "explain": explain,
    "hosted check": hosted_check,
    "hosted upload": hosted_upload,
    "hosted status": hosted_status,
    "hosted logs": hosted_logs,
    "hosted assign": assign,
    "hosted remove": hosted_remove,
    "hosted run": hosted_run,
    "hosted download": hosted_download,
    "hosted webhook set": webhook.set_webhook,
    "hosted webhook off": webhook.off,
    "hosted webhook test": webhook.call_now,
    "practice status": practice_status,
    "practice create": create,
    "practice advance": advance,
    "practice serve": serve,
    "practice add-model": add_model,
    "practice stake": stake,
    "practice reset": reset,
    "practice leaderboard": practice_leaderboard,
    "practice fund": fund,
    "schedule show": schedule.show,
    "schedule install": schedule.install,
    "schedule remove": schedule.remove,
}
_NAMES = frozenset(path.rpartition(" ")[2] for path in COMMANDS)
GROUPS = {
    "practice": "A tournament in miniature on this machine: no account, no network, no risk.",
    "hosted": "Models that Numerai runs on its own machines, every round, without yours.",
    "hosted webhook": "The address that Numerai calls when a round opens.",
    "schedule": "Let cron or systemd start `numeri run` when rounds open.",
}
UNSUPPORTED_SYSTEM = (
    "numeri is made for Linux and macOS: here downloads, training and schedules do not work;"
    " on Windows use it inside WSL"
)


def _version(asked: bool) -> None:
    if asked:
        from numeri_cli.cli.versions import versions_text

        sys.stdout.write(versions_text())
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False,
        "--version",
        callback=_version,
        is_eager=True,
        help="Show the version, and those of what matters.",
    ),
) -> None:
    """Take what stands before the command."""


def application(
    words: Container[str] | None = None,
    *,
    commands: Mapping[str, Callable[..., None]] = COMMANDS,
) -> typer.Typer:
    """The application.

    words: of the command line; only the commands among them get their options, since those of all
    cost a third of the time that `numeri --help` takes, which shows none. None describes them all.
    commands: by what is typed, group first
    """
    app = typer.Typer(
        name=None,
        cls=RootGroup,
        help="Numeri takes part in the Numerai tournament: data, models, submissions, proof.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=True,
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_root)
    groups = {"": app}
    for path, text in GROUPS.items():
        above, _, name = path.rpartition(" ")
        group = typer.Typer(
            name=name, cls=SentenceGroup, help=text, rich_markup_mode=None, no_args_is_help=True
        )
        groups[path] = group
        groups[above].add_typer(group)
    for name in {path.rpartition(" ")[0] for path in commands} - set(groups):
        # a command that others stand below
        group = typer.Typer(
            name=name, cls=CommandGroup, rich_markup_mode=None, invoke_without_command=True
        )
        group.callback()(commands[name])
        groups[name] = group
        app.add_typer(group)
    for path, function in commands.items():
        group_name, _, name = path.rpartition(" ")
        if path in groups:
            continue
        if words is None or name in words:
            groups[group_name].command(name, cls=Command)(function)
        else:
            groups[group_name].command(name, help=function.__doc__, cls=TyperCommand)(_unasked)
    return app


def _unasked() -> None:
    """Stand for a command that is not among the words."""


@cache
def _built(names: frozenset[str]) -> Any:
    """What Typer makes of the application; a process that runs many commands makes it once."""
    return typer.main.get_command(application(names))


def _root_command(words: Sequence[str], commands: Mapping[str, Callable[..., None]]) -> Any:
    if commands is not COMMANDS:
        return typer.main.get_command(application(words, commands=commands))
    return _built(_NAMES.intersection(words))


def main(
    arguments: list[str] | None = None,
    *,
    commands: Mapping[str, Callable[..., None]] = COMMANDS,
    system: str = os.name,
) -> int:
    """Run one command; the return value is the exit code of the process.

    system: as in os.name; where it is not supported that is said first, on standard error
    """
    words = sys.argv[1:] if arguments is None else arguments
    if VARIABLE in os.environ:
        return complete(application(words_on_line(), commands=commands))
    if system != "posix":
        sys.stderr.write(f"{UNSUPPORTED_SYSTEM}\n")
    previous = signal.signal(signal.SIGTERM, terminate)
    at_hang_up = signal.getsignal(signal.SIGHUP)
    if at_hang_up == signal.SIG_DFL:  # else it was started to outlive its terminal, as by nohup
        signal.signal(signal.SIGHUP, hung_up)
    try:
        command = _root_command(words, commands)
        with never_deaf(), never_ignored():
            result = command(
                args=words, prog_name="numeri", standalone_mode=False, obj=tuple(words)
            )
    except typer.TyperException as error:
        return _usage(error, words)
    except TerminationAsked:  # before a command began, or after it ended
        return _refused(terminated(), words, command="")
    except TimeIsUp as up:
        return _refused(up.overdue, words, command="")
    except NumeriError as error:  # there is no home to work in, or nowhere to write to
        return _refused(error, words, command="")
    except OSError as error:
        from numeri_cli.files import disk_error

        return _refused(disk_error(error, Path("standard output")), words, command="")
    except Exception as raised:
        ended = stopped(raised) or thread_trouble(raised) or _crashed(raised, words)
        return _refused(ended, words, command="")
    finally:
        signal.signal(signal.SIGTERM, previous)
        signal.signal(signal.SIGHUP, at_hang_up)
    return int(result) if isinstance(result, int) else 0


def _crashed(raised: Exception, words: list[str]) -> NumeriError:
    """An exception outside of any command, kept in a crash file."""
    from numeri_cli.cli.crash import unexpected
    from numeri_cli.credentials import stored_secrets
    from numeri_cli.home import Home

    home = Home.find()
    secrets = stored_secrets(home.credentials)
    return unexpected(raised, home=home, secrets=secrets, words=words)


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
    """An error outside of any command, shown as those inside are."""
    from numeri_cli.output.screen import Screen

    mute = isinstance(error, DiskError)
    if mute:  # what is left in the buffer would fail again at the end of the process
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    screen = Screen(command, as_json="--json" in words and not mute, quiet=False, verbose=False)
    screen.fail(error)
    screen.close(error.exit_code)
    return int(error.exit_code)
