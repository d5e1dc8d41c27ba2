"""numeri login: where the keys are asked for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.signals import questions
from numeri_cli.errors import KeysMissing, UsageProblem
from numeri_cli.inert_text import visible

if TYPE_CHECKING:
    from numeri_cli.credentials import Keys


def login(
    call: Invocation,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read public id and secret key, a line each.")
    ] = False,
) -> None:
    """Ask for the API keys, check them with the server, and store them for this user only.

    numeri login
    """
    from numeri_cli.commands.login import login
    from numeri_cli.output.text.login import logged_in

    def ask(destination: str) -> Keys:
        return _asked_keys(call, destination, stdin=stdin)

    record = login(call.context, ask=ask, agreed=lambda question: _agreed(call, question))
    call.show(record, logged_in)


def _agreed(call: Invocation, question: str) -> bool:
    """The answer of whoever sits there; where nobody does, only what a profile says needs one."""
    if sys.stdin.isatty():
        with questions():
            return typer.confirm(question, default=False, err=True)
    if call.context.is_named_by_profile:
        raise UsageProblem(
            f"{call.context.named_by} names {call.context.endpoint.host}, which is not Numerai's,"
            " and nobody is here to be asked",
            hint="name it yourself: `numeri login --tournament ADDRESS`",
        )
    return True


def _asked_keys(call: Invocation, destination: str, *, stdin: bool) -> Keys:
    from numeri_cli.commands.endpoint import environment_host
    from numeri_cli.credentials import check_keys, environment_keys

    if stdin or not sys.stdin.isatty():
        call.context.listener.say(destination)
        public_id, secret = (sys.stdin.readline(), sys.stdin.readline())
        if public_id.strip() or stdin:
            return check_keys(public_id, secret)
    found = environment_keys(call.context.endpoint.host, environment_host())
    if found is not None:
        if sys.stdin.isatty():
            call.context.listener.say(destination)
        call.context.listener.say("Keys taken from the environment.")
        return found
    if not sys.stdin.isatty():
        raise KeysMissing(
            "no keys were given",
            hint="`numeri login` in a terminal asks for them; or pipe two lines into `--stdin`",
        )
    with questions():
        typer.echo(visible(destination), err=True)
        public_id = typer.prompt("Public id", err=True)
        secret = typer.prompt("Secret key", hide_input=True, err=True)
    return check_keys(public_id, secret)
