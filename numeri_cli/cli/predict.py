"""numeri predict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.train import Models


def predict(
    call: Invocation,
    models: Models = None,
    data: Annotated[
        str, typer.Option("--data", help="live, validation, train, or the path of a data file.")
    ] = "live",
    output: Annotated[
        Path | None, typer.Option("--output", help="Where to; .csv or .parquet.")
    ] = None,
    artifact: Annotated[
        str | None, typer.Option("--artifact", help="An older artifact of the model.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Without neutralization.")] = False,
) -> None:
    """Write a prediction file; live predictions are ready to be submitted.

    numeri predict lighthouse --data validation --output lighthouse.csv
    """
    from numeri_cli.commands.predict import predict
    from numeri_cli.output.text.predict import prediction_files

    written = predict(
        call.context, models or (), data=data, output=output, artifact=artifact, raw=raw
    )
    call.show(written, prediction_files)
