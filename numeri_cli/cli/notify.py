"""numeri notify."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.errors import UsageProblem


def notify(
    call: Invocation,
    test: Annotated[bool, typer.Option("--test", help="Send a test message.")] = False,
) -> None:
    """Send a test message to everybody that [notify] of the profile names; show the answers.

    numeri notify --test
    """
    from numeri_cli.commands.notify import notify as send_test
    from numeri_cli.output.text.notify import notify_trial

    if not test:
        raise UsageProblem("there is nothing to do", hint="`numeri notify --test` sends a test")
    trial = send_test(call.context)
    call.show(trial, notify_trial, exit_code=trial.exit_code, problems=trial.problems)
