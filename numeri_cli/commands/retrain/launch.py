"""A retraining is started as a process of its own, under systemd as a unit of its own."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from pathlib import Path

from numeri_cli.children import child_environment
from numeri_cli.commands.context import Context
from numeri_cli.commands.retrain.due import due_models
from numeri_cli.commands.run.outcomes import Retraining, RetrainingState
from numeri_cli.errors import LockHeld, NumeriError
from numeri_cli.ledger.retrainings import UNDECIDED, mark_told, retrainings
from numeri_cli.locks import held_lock
from numeri_cli.schedule.command import carried_variables, installed_program

OUTPUT = "retrain.log"
_START_SECONDS = 20.0


def retrain_after(context: Context) -> tuple[Retraining, ...]:
    """Start what is due, and tell what earlier retrainings decided; nothing is raised.

    The round's lock must be free by now: a retraining may last for days.
    """
    try:
        told = _decisions(context)
    except NumeriError as error:
        context.log.write("retrain", error.message, level="warning")
        told = ()
    return (*told, *start_due(context))


def start_due(context: Context) -> tuple[Retraining, ...]:
    """Start what is due; nothing is raised.

    What earlier retrainings decided is not told, but kept for a run that has a round to tell of.
    """
    try:
        return _started(context, due_models(context))
    except (NumeriError, OSError) as error:
        words = error.message if isinstance(error, NumeriError) else str(error)
        context.log.write("retrain", words, level="warning")
        context.listener.say(f"no retraining could be started: {words}")
        return ()


def _decisions(context: Context) -> tuple[Retraining, ...]:
    """What no run has told of yet, the oldest first."""
    entries = tuple(one for one in retrainings(context.ledger, context.tournament) if not one.told)
    if not entries:
        return ()
    mark_told(context.ledger, entries)
    return tuple(
        Retraining(one.model, one.state, one.artifact, math.nan, one.words)
        for one in reversed(entries)
        if one.state != "begun" and one.state != "trained"  # noqa: PLR1714 - mypy narrows by this
    )


def _started(context: Context, wanted: tuple[str, ...]) -> tuple[Retraining, ...]:
    if not wanted:
        return ()
    try:
        with held_lock(context.home.lock(context.tournament, "retrain"), what="a retraining"):
            pass  # free: nobody is at it
    except LockHeld:
        words = "an earlier retraining is still at work; the old artifact serves meanwhile"
        return tuple(Retraining(name, "at work", None, math.nan, words) for name in wanted)
    broken_off = _broken_off(context, wanted)
    problem = _start(context)
    state: RetrainingState = "failed" if problem else "started"
    words = problem or f"in a process of its own; `numeri log` and {OUTPUT} tell of it"
    return (
        *broken_off,
        *(Retraining(name, state, None, math.nan, words) for name in wanted),
    )


def _broken_off(context: Context, wanted: tuple[str, ...]) -> tuple[Retraining, ...]:
    """Models whose retraining began and came to no decision, though nobody is at it."""
    newest = {one.model: one for one in reversed(retrainings(context.ledger, context.tournament))}
    return tuple(
        Retraining(
            name,
            "failed",
            None,
            math.nan,
            f"the retraining of {newest[name].time:%a %d %b %H:%M} UTC came to no end: it crashed"
            " or was killed, or the machine went down",
        )
        for name in wanted
        if name in newest and newest[name].state in UNDECIDED
    )


def _start(context: Context) -> str:
    """Start `numeri retrain`; what went wrong, empty where nothing did."""
    output = context.home.log / OUTPUT
    output.parent.mkdir(parents=True, exist_ok=True)
    words = [*installed_program(), "retrain"]
    if context.profile_path is not None:
        words += ["--profile", str(context.profile_path)]
    if context.asked_tournament is not None:
        words += ["--tournament", context.asked_tournament]
    runner = shutil.which("systemd-run")
    if os.environ.get("INVOCATION_ID") and runner:
        return _as_unit(context, [runner, "--user"], words, output)
    with output.open("ab") as file:
        started = subprocess.Popen(  # noqa: S603 - this very program
            words,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,  # it outlives this one, and its terminal
        )
    context.log.write("retrain", f"started as process {started.pid}")
    return ""


def _as_unit(context: Context, runner: list[str], words: list[str], output: Path) -> str:
    """systemd ends what a service leaves behind, so that this needs a unit of its own."""
    options = ["--collect", "--quiet", "--no-block", f"--unit=numeri-retrain-{context.log.run}"]
    options += [f"--property=StandardOutput=append:{output}", "--property=StandardError=inherit"]
    options += [f"--setenv={name}={value}" for name, value in carried_variables(os.environ)]
    try:
        done = subprocess.run(  # noqa: S603 - words of our own, no shell
            [*runner, *options, "--", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=child_environment(os.environ),
            timeout=_START_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"`systemd-run --user` could not be used: {type(error).__name__}"
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[:200]
        return f"`systemd-run --user` refused: {said or done.returncode}"
    return ""
