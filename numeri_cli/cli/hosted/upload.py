"""numeri hosted upload."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def upload(
    call: Invocation,
    word: Annotated[
        str,
        typer.Argument(metavar="MODEL|FILE", help="A model of the profile, or a file: model.pkl."),
    ],
    model: Annotated[
        str | None, typer.Option("--model", help="The slot for a file, where it is not clear.")
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
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Without trying it on this machine first.")
    ] = False,
    python: Annotated[
        str | None,
        typer.Option("--python", help="A path, or a version such as 3.13: makes the pickle."),
    ] = None,
    bare: Annotated[
        bool,
        typer.Option("--bare", help="With this machine's packages, not the image's versions."),
    ] = False,
) -> None:
    """Try a model here, upload it, wait until Numerai has tried it, and assign it to its slot.

    numeri hosted upload lighthouse --assign
    """
    from numeri_cli.commands.hosted.sources import Making
    from numeri_cli.commands.hosted.upload import UploadWishes, upload
    from numeri_cli.errors import UsageProblem
    from numeri_cli.output.text.hosted import hosted_upload

    for option, given in (("--also", also), ("--webhook-off", webhook_off)):
        if given and not assign:
            raise UsageProblem(f"{option} says nothing without --assign", hint="add --assign")
    wishes = UploadWishes(
        assign=assign,
        making=Making(check=not no_check, python=python, bare=bare),
        also=also,
        webhook_off=webhook_off,
    )
    call.show(upload(call.context, word, slot=model, wishes=wishes), hosted_upload)
