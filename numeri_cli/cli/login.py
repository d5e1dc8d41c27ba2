"""numeri login: where the keys are asked for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.signals import questions
from numeri_cli.errors import KeysMissing

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

    call.show(login(call.context, ask=lambda: _asked_keys(call, stdin=stdin)), logged_in)


def _asked_keys(call: Invocation, *, stdin: bool) -> Keys:
    from numeri_cli.commands.endpoint import environment_host
    from numeri_cli.credentials import check_keys, environment_keys

    if stdin or not sys.stdin.isatty():
        public_id, secret = (sys.stdin.readline(), sys.stdin.readline())
        if public_id.strip() or stdin:
            return check_keys(public_id, secret)
    found = environment_keys(call.context.endpoint.host, environment_host())
    if found is not None:
        call.context.listener.say("Keys taken from the environment.")
        return found
    if not sys.stdin.isatty():
        raise KeysMissing(
            "no keys were given",
            hint="`numeri login` in a terminal asks for them; or pipe two lines into `--stdin`",
        )
    with questions():
        public_id = typer.prompt("Public id", err=True)
        secret = typer.prompt("Secret key", hide_input=True, err=True)
    return check_keys(public_id, secret)
