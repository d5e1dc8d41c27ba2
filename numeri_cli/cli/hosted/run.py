"""numeri hosted run."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def run(
    call: Invocation,
    model: Annotated[str, typer.Argument(help="The slot, as the account calls it.")],
) -> None:
    """Have Numerai run what a slot has now, and wait for its end. At most 3 times in 10 minutes.

    numeri hosted run lighthouse
    """
    from numeri_cli.commands.hosted.run import run
    from numeri_cli.output.text.hosted import hosted_run

    call.show(run(call.context, model), hosted_run)
