"""numeri practice stake."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def stake(
    call: Invocation,
    model: Annotated[str, typer.Argument(help="One of your models.")],
    nmr: Annotated[str, typer.Argument(help="What its stake shall be; 0 withdraws all.")],
) -> None:
    """Stake practice NMR on a model: it counts in the meta model, and earns or burns.

    numeri practice stake lighthouse 25
    """
    from numeri_cli.commands.practice.stake import stake
    from numeri_cli.output.text.practice import changed_stake

    call.show(stake(call.context, model=model, nmr=nmr), changed_stake)
