"""numeri practice reset."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.signals import questions


def reset(
    call: Invocation,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the practice tournament and what was downloaded and trained from it.

    numeri practice reset --yes
    """
    from numeri_cli.commands.practice.reset import reset
    from numeri_cli.output.text.practice import removed_tournament

    def agreed(question: str) -> bool:
        with questions():
            return yes or typer.confirm(question, err=True)

    removed = reset(call.context, agreed=agreed)
    call.show(removed, removed_tournament)
