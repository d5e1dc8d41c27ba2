"""numeri init."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.commands import STARTER_MODEL


def init(
    call: Invocation,
    model: Annotated[
        str, typer.Option("--model", help="Your model's name on the server.")
    ] = STARTER_MODEL,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a profile that is there.")
    ] = False,
) -> None:
    """Write a commented profile, numeri.toml, in the current directory.

    numeri init --tournament practice
    """
    from numeri_cli.commands.init import init
    from numeri_cli.output.text.init import written_profile

    call.show(init(call.context, model=model, force=force), written_profile)
