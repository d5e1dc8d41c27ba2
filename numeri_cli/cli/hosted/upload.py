"""numeri hosted upload."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def upload(
    call: Invocation,
    source: Annotated[str, typer.Argument(metavar="FILE", help="A pickle.")],
    model: Annotated[
        str | None, typer.Option("--model", help="The slot, where several can be meant.")
    ] = None,
    assign: Annotated[
        bool, typer.Option("--assign", help="Let it submit for the slot once it is validated.")
    ] = False,
    also: Annotated[
        bool, typer.Option("--also", help="With --assign: even where another slot has it.")
    ] = False,
    webhook_off: Annotated[
        bool, typer.Option("--webhook-off", help="With --assign: take the slot's webhook off.")
    ] = False,
    image: Annotated[
        str | None, typer.Option("--image", help="Another image than that of this Python.")
    ] = None,
    data_version: Annotated[
        str | None, typer.Option("--data-version", help="Another one than the profile's.")
    ] = None,
) -> None:
    """Upload a model, wait until Numerai has tried it, and assign it to its slot.

    numeri hosted upload model.pkl --model lighthouse --assign
    """
    from numeri_cli.commands.hosted.upload import UploadWishes, upload
    from numeri_cli.errors import UsageProblem
    from numeri_cli.output.text.hosted import hosted_upload

    for option, given in (("--also", also), ("--webhook-off", webhook_off)):
        if given and not assign:
            raise UsageProblem(f"{option} says nothing without --assign", hint="add --assign")
    wishes = UploadWishes(
        assign=assign, also=also, webhook_off=webhook_off, image=image, data_version=data_version
    )
    call.show(upload(call.context, source, model=model, wishes=wishes), hosted_upload)
