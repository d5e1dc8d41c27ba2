"""numeri practice add-model."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def add_model(
    call: Invocation, name: Annotated[str, typer.Argument(help="The model's name.")]
) -> None:
    """Give your practice account one more model.

    numeri practice add-model nightwatch
    """
    from numeri_cli.commands.practice.add_model import add_model
    from numeri_cli.output.text.practice import added_model

    call.show(add_model(call.context, name), added_model)
