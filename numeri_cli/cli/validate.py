"""numeri validate: the official scores, and the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.train import Cluster


def validate(
    call: Invocation,
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Models, prediction files, MODEL@backtest: side by side."),
    ] = None,
    data: Annotated[
        str, typer.Option("--data", help="validation, train, or the path of a data file.")
    ] = "validation",
    target: Annotated[str | None, typer.Option(help="By its name; the model's by default.")] = None,
    features: Annotated[str | None, typer.Option(help="The set for FNC and exposures.")] = None,
    benchmark: Annotated[str | None, typer.Option(help="The benchmark column for BMC.")] = None,
    eras: Annotated[
        list[str] | None, typer.Option(help="Only these, such as 0900-0950; repeatable.")
    ] = None,
    artifact: Annotated[
        str | None, typer.Option("--artifact", help="An older artifact of the model.")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Each model without its neutralization beside it.")
    ] = False,
    per_era: Annotated[
        Path | None, typer.Option("--per-era", help="Every era's scores: FILE.csv or .parquet.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
    self_contained: Annotated[
        bool, typer.Option("--self-contained", help="The report as one portable file of 5 MB.")
    ] = False,
    cluster: Cluster = None,
) -> None:
    """Score models or prediction files with the official scores; write a report.

    numeri validate lighthouse --raw
    """
    from functools import partial

    from numeri_cli.commands.validate.validate import validate as validate_command
    from numeri_cli.output.html.validation import write_report
    from numeri_cli.output.text.validate import validate as validation_shown

    record = validate_command(
        call.context,
        sources or (),
        write_page=partial(write_report, self_contained=self_contained),
        data=data,
        target=target,
        features=features,
        benchmark=benchmark,
        eras=eras or (),
        artifact_id=artifact,
        raw_too=raw,
        per_era=per_era,
        cluster=cluster,
    )
    call.show(record, validation_shown)
    if show:
        typer.launch(record.report.as_uri())
