"""numeri hosted webhook: set, off, test."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation

Models = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MODELS]...", help="Slots; by default the profile's models."),
]


def set_webhook(
    call: Invocation,
    address: Annotated[
        str, typer.Argument(metavar="URL", help="The address; - reads it from standard input.")
    ],
    models: Models = None,
) -> None:
    """Have Numerai call an address when a round opens, such as that of `numeri listen`.

    numeri hosted webhook set - lighthouse
    """
    from numeri_cli.commands.hosted import webhook
    from numeri_cli.output.text.hosted import webhooks

    given = sys.stdin.readline().strip() if address == "-" else address
    call.show(webhook.set_address(call.context, given, models=models or ()), webhooks)


def off(call: Invocation, models: Models = None) -> None:
    """Have Numerai call no address any more.

    numeri hosted webhook off lighthouse
    """
    from numeri_cli.commands.hosted import webhook
    from numeri_cli.output.text.hosted import webhooks

    call.show(webhook.take_off(call.context, models=models or ()), webhooks)


def call_now(call: Invocation, models: Models = None) -> None:
    """Have Numerai call the address now, as when a round opens, and show what came of it.

    numeri hosted webhook test lighthouse
    """
    from numeri_cli.commands.hosted import webhook
    from numeri_cli.output.text.hosted import webhooks

    call.show(webhook.try_out(call.context, models=models or ()), webhooks)
