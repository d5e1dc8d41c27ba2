"""numeri hosted logs."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def logs(
    call: Invocation,
    model: Annotated[str, typer.Argument(help="The slot, as the account calls it.")],
    pickle: Annotated[
        str | None, typer.Option("--pickle", help="Another uploaded model, by its id.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=20, help="Of how many runs.")] = 1,
) -> None:
    """Show what Numerai's machines said of a model's newest run, the line that matters first.

    numeri hosted logs lighthouse
    """
    from numeri_cli.commands.hosted.logs import logs
    from numeri_cli.output.text.hosted import hosted_logs

    call.show(logs(call.context, model, pickle_id=pickle, limit=limit), hosted_logs)
