"""numeri neutralize."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def neutralize(
    call: Invocation,
    file: Annotated[Path, typer.Argument(help="A prediction file.")],
    data: Annotated[
        str, typer.Option("--data", help="The data it is for: live, validation or a path.")
    ] = "live",
    features: Annotated[
        str, typer.Option(help="The set of features to neutralize against.")
    ] = "fncv3_features",
    proportion: Annotated[
        float | None, typer.Option(min=0, max=1, help="How far; 0.5 where nothing is said.")
    ] = None,
    max_exposure: Annotated[
        float | None, typer.Option(min=0, max=1, help="As far as the largest exposure needs.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where to; beside the file by default.")
    ] = None,
) -> None:
    """Make predictions independent of features, in part or whole.

    numeri neutralize mine.csv --data live --proportion 0.5
    """
    from numeri_cli.commands.neutralize import neutralize
    from numeri_cli.output.text.neutralize import neutralized

    done = neutralize(
        call.context,
        file,
        data=data,
        features=features,
        proportion=proportion,
        max_exposure=max_exposure,
        output=output,
    )
    call.show(done, neutralized)
