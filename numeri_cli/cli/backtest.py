"""numeri backtest."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.train import Cluster, DistributeBy, Force, Models


def backtest(
    call: Invocation,
    models: Models = None,
    window: Annotated[int, typer.Option(min=1, help="Eras predicted by one training.")] = 156,
    purge: Annotated[
        int | None, typer.Option(min=0, help="Eras left out before each window; by the target.")
    ] = None,
    stride: Annotated[
        int, typer.Option(min=1, help="Every so many eras alone: 4 takes a quarter of the time.")
    ] = 1,
    force: Force = False,
    cluster: Cluster = None,
    distribute: DistributeBy = None,
) -> None:
    """Predict every era with a model that was trained on earlier ones only, purged; score it.

    numeri backtest lighthouse --window 52
    """
    from numeri_cli.commands.backtest import backtest
    from numeri_cli.output.html.validation import write_report
    from numeri_cli.output.text.backtest import backtests

    done = backtest(
        call.context,
        models or (),
        write_page=write_report,
        window=window,
        purge=purge,
        stride=stride,
        force=force,
        cluster=cluster,
        distribute=distribute,
    )
    call.show(done, backtests)
