"""numeri tune."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.train import Cluster, DistributeBy, Force


def tune(
    call: Invocation,
    model: Annotated[str, typer.Argument(help="The model, with a section [models.NAME.tune].")],
    trials: Annotated[
        int, typer.Option(min=1, help="How many in the whole search; what is done counts.")
    ],
    hours: Annotated[
        float | None, typer.Option(min=0, help="After so many no further trial begins.")
    ] = None,
    aim: Annotated[
        list[str] | None,
        typer.Option(help="corr, sharpe, mmc, bmc or payout; several make a front."),
    ] = None,
    hold_out: Annotated[
        int, typer.Option("--hold-out", min=2, help="Last eras that the search never sees.")
    ] = 52,
    stride: Annotated[
        int, typer.Option(min=1, help="Every so many eras alone are trained on and predicted.")
    ] = 4,
    window: Annotated[
        int | None, typer.Option(min=1, help="Eras predicted by one training; a quarter of all.")
    ] = None,
    purge: Annotated[
        int | None, typer.Option(min=0, help="Eras left out before each window; by the target.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="That trials are scored on; the model's first by default.")
    ] = None,
    benchmark: Annotated[str | None, typer.Option(help="The benchmark column for BMC.")] = None,
    study: Annotated[
        Path | None, typer.Option(help="A folder for the search, shared by all who take part.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of what is drawn.")] = None,
    force: Force = False,
    cluster: Cluster = None,
    distribute: DistributeBy = None,
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, help="Trials that go on together, on a cluster.")
    ] = 1,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    self_contained: Annotated[
        bool, typer.Option("--self-contained", help="The page as one portable file of 5 MB.")
    ] = False,
) -> None:
    """Search a model's parameters by a purged backtest; judge the best on eras it never saw.

    numeri tune lighthouse --trials 50 --hours 8
    """
    from functools import partial

    from numeri_cli.commands.tune.preparation import SearchSettings
    from numeri_cli.commands.tune.tune import tune as tune_command
    from numeri_cli.output.html.tune import write_tuning_page
    from numeri_cli.output.text.tune import tuning

    record = tune_command(
        call.context,
        model,
        trials=trials,
        hours=hours,
        settings=SearchSettings(
            aims=tuple(aim or ["corr"]),
            target=target,
            hold_out=hold_out,
            window=window,
            purge=purge,
            stride=stride,
            benchmark=benchmark,
            study=study,
        ),
        seed=seed,
        force=force,
        cluster=cluster,
        distribute=distribute,
        at_once=at_once,
        write_page=partial(write_tuning_page, self_contained=self_contained),
    )
    call.show(record, tuning)
    if show and record.page is not None:
        typer.launch(record.page.as_uri())
