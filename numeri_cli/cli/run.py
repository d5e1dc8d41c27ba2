"""numeri run."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.submit import DryRun, Late
from numeri_cli.errors import UsageProblem

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def run(
    call: Invocation,
    train: Annotated[
        bool, typer.Option("--train", help="Train a new model even in a short window.")
    ] = False,
    wait: Annotated[
        str, typer.Option("--wait", help="How long to wait for the round, such as 50m.")
    ] = "0s",
    timeout: Annotated[
        str | None,
        typer.Option(
            "--timeout", help="End the run after so long, such as 90m; else its round's close does."
        ),
    ] = None,
    late: Late = False,
    dry_run: DryRun = False,
) -> None:
    """Take every model through the open round, once; whatever is missing is done.

    numeri run --tournament practice
    """
    from numeri_cli.commands.notify import tell_run
    from numeri_cli.commands.run.outcomes import Allowed
    from numeri_cli.commands.run.run import run
    from numeri_cli.output.text.run import run_result

    if not dry_run:
        call.tell = tell_run
    allowed = Allowed(train=train, late=late, dry_run=dry_run)
    wait_seconds = seconds_of(wait)
    timeout_seconds = None if timeout is None else _above_zero(timeout)
    call.enforce_deadline()
    result = run(
        call.context,
        allowed=allowed,
        wait_seconds=wait_seconds,
        timeout_seconds=timeout_seconds,
    )
    call.show(result, run_result, exit_code=result.exit_code, problems=result.problems)


def _above_zero(text: str) -> float:
    """Seconds of a duration that leaves time to do something. Raises UsageProblem."""
    seconds = seconds_of(text)
    if not seconds:
        raise UsageProblem("--timeout 0 leaves no time for anything", hint="write 90m or 2h")
    return seconds


def seconds_of(text: str) -> float:
    """Seconds of "90", "90s", "50m", "2h" or "1h30m". Raises UsageProblem."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not parts or "".join(count + unit for count, unit in parts) != text.strip():
        raise UsageProblem(f"{text[:40]!r} is no duration", hint="write 90s, 50m or 1h30m")
    return sum(float(count) * _UNITS[unit] for count, unit in parts)
