"""numeri hosted assign and remove."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation

Model = Annotated[str, typer.Argument(help="The slot, as the account calls it.")]


def assign(
    call: Invocation,
    model: Model,
    pickle: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="The uploaded model; by default the slot's newest."),
    ] = None,
    also: Annotated[
        bool, typer.Option("--also", help="Even where another slot has it, too.")
    ] = False,
    webhook_off: Annotated[
        bool, typer.Option("--webhook-off", help="Take the slot's webhook off, if there is one.")
    ] = False,
) -> None:
    """Let an uploaded model submit for a slot, from the next round on.

    numeri hosted assign lighthouse
    """
    from numeri_cli.commands.hosted.assign import assign
    from numeri_cli.output.text.hosted import hosted_assignment

    record = assign(call.context, model, pickle_id=pickle, also=also, webhook_off=webhook_off)
    call.show(record, hosted_assignment)


def remove(call: Invocation, model: Model) -> None:
    """Take the uploaded model off a slot; this machine may submit for it again.

    numeri hosted remove lighthouse
    """
    from numeri_cli.commands.hosted.assign import remove
    from numeri_cli.output.text.hosted import hosted_assignment

    call.show(remove(call.context, model), hosted_assignment)
