"""numeri models."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def models(
    call: Invocation,
    local: Annotated[
        bool, typer.Option("--local", help="The artifacts trained here, not the account.")
    ] = False,
) -> None:
    """List the account's models, or what was trained on this machine.

    numeri models --local
    """
    from numeri_cli.commands import models
    from numeri_cli.output.text import models as text

    if local:
        call.show(models.local_artifacts(call.context), text.local_artifacts)
    else:
        call.show(models.account_models(call.context), text.account_models)
