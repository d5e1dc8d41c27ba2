"""numeri train."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from numeri_cli.cli.command import Invocation

Models = Annotated[list[str] | None, typer.Argument(help="Models of the profile; all by default.")]
Force = Annotated[bool, typer.Option("--force", help="Even where memory or disk look too small.")]

Cluster = Annotated[
    str | None,
    typer.Option("--cluster", help="A Dask scheduler, local:N, or none: who trains."),
]
DistributeBy = Annotated[
    Literal["models", "rows"] | None,
    typer.Option("--distribute", help="models: one task each; rows: one over all machines."),
]


def train(
    call: Invocation,
    models: Models = None,
    force: Force = False,
    cluster: Cluster = None,
    distribute: DistributeBy = None,
) -> None:
    """Train what the profile says; data that is missing is downloaded.

    numeri train lighthouse
    """
    from numeri_cli.commands.train import train
    from numeri_cli.output.text.train import trained_models

    result = train(call.context, models or (), force=force, cluster=cluster, distribute=distribute)
    call.show(result, trained_models, exit_code=result.exit_code, problems=result.failed)
