"""Models: train, predict, backtest, neutralize."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.options import command

if TYPE_CHECKING:
    from numeri_cli.cli.session import Session
    from numeri_cli.commands import views
    from numeri_cli.learning.artifact import Artifact


def add_to(app: typer.Typer) -> None:
    """Register the commands of this room."""
    for function in (train, predict, backtest, neutralize):
        command(app)(function)


Models = Annotated[list[str] | None, typer.Argument(help="Models of the profile; all by default.")]


def train(
    session: Session,
    models: Models = None,
    force: Annotated[
        bool, typer.Option("--force", help="Even where memory or disk look too small.")
    ] = False,
) -> None:
    """Train what the profile says; data that is missing is downloaded.

    numeri train lighthouse
    """
    from numeri_cli.commands import views
    from numeri_cli.commands.models import train_model
    from numeri_cli.output.text import tables

    names = _models(session, models)
    session.context.make_practice()
    made = tuple(_view(train_model(session.context, name, force=force)) for name in names)
    session.screen.show(views.TrainedModels(made), tables.trained_models)


def _models(session: Session, asked: list[str] | None) -> list[str]:
    for name in asked or ():
        session.context.profile.model(name)
    return asked or list(session.context.profile.models)


def _view(artifact: Artifact) -> views.TrainedModelView:
    from numeri_cli.commands import views

    contract = artifact.contract
    return views.TrainedModelView(
        model=contract.model,
        artifact=contract.artifact_id,
        features=len(contract.features),
        targets=contract.targets,
        seeds=contract.seeds,
        eras=len(contract.eras),
        rows=max(booster.rows for booster in contract.boosters),
        dropped_rows=sum(booster.dropped_rows for booster in contract.boosters),
        trees=sum(booster.trees or 0 for booster in contract.boosters),
        seconds=contract.training_seconds,
        folder=artifact.folder,
    )


def predict(
    session: Session,
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
    from numeri_cli.commands import views
    from numeri_cli.commands.models import predict as predict_model
    from numeri_cli.commands.models import trained
    from numeri_cli.commands.predict import data_file
    from numeri_cli.errors import UsageProblem
    from numeri_cli.output.text import tables

    names = _models(session, models)
    if output is not None and len(names) > 1:
        raise UsageProblem(
            "--output names one file, but several models are to predict",
            hint=f"name one model: numeri predict {names[0]} --output …",
        )
    source = data_file(session.context, data)
    files = []
    for name in names:
        kept = trained(session.context, name, artifact_id=artifact)
        path = output or Path(f"{name}-{source.stem}.parquet")
        done = predict_model(
            session.context,
            kept,
            source,
            path.absolute(),
            with_era=not source.name.startswith("live"),
            neutral=not raw,
        )
        files.append(views.PredictionFile(name, done.path, done.rows, len(done.eras)))
    session.screen.show(views.PredictionFiles(tuple(files)), tables.prediction_files)


def backtest(
    session: Session,
    models: Models = None,
    window: Annotated[int, typer.Option(min=1, help="Eras predicted by one training.")] = 156,
    purge: Annotated[
        int | None, typer.Option(min=0, help="Eras left out before each window; by the target.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Even where memory or disk look too small.")
    ] = False,
) -> None:
    """Predict every era with a model that was trained on earlier ones only, purged.

    numeri backtest lighthouse --window 52
    """
    from numeri_cli.commands import views
    from numeri_cli.commands.models import backtest_model
    from numeri_cli.output.text import tables

    names = _models(session, models)
    session.context.make_practice()
    made = []
    for name in names:
        done = backtest_model(session.context, name, window=window, purge=purge, force=force)
        made.append(
            views.BacktestView(
                name, done.path, done.rows, len(done.eras), len(done.windows), done.purge_eras
            )
        )
    session.screen.show(views.Backtests(tuple(made)), tables.backtests)


def neutralize(
    session: Session,
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
    from numeri_cli.commands.datasets import (
        bring,
        missing,
    )
    from numeri_cli.commands.neutralize import neutralize_file
    from numeri_cli.commands.predict import data_file
    from numeri_cli.dataset.features import FeatureFile
    from numeri_cli.output.text import tables

    session.context.require_profile()
    session.context.make_practice()
    context = session.context
    if missing(context, (context.files.features,)):
        bring(context, (context.files.features,))
    if proportion is None and max_exposure is None:
        proportion = 0.5
    done = neutralize_file(
        file,
        data_file(context, data),
        (output or file.with_stem(f"{file.stem}-neutral")).absolute(),
        features=FeatureFile.read(context.file(context.files.features)).features(features),
        proportion=proportion,
        max_exposure=max_exposure,
        listener=session.context.listener,
    )
    session.screen.show(done, tables.neutralized)
