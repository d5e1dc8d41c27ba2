"""A trained model as something to score: predicted once for each artifact and data file."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from numeri_cli.commands.artifacts import OpenModel
from numeri_cli.commands.blends import shares_of, words_of
from numeri_cli.commands.context import Context
from numeri_cli.commands.made_by import Maker, maker_of
from numeri_cli.commands.validate.churn import churn_of
from numeri_cli.commands.validate.contract_lines import contract_lines, spec_lines, training_lines
from numeri_cli.commands.validate.validation import PredictionSource
from numeri_cli.commands.walked_blends import walked_blend
from numeri_cli.dataset.eras import era_number
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import IdColumn, read_predictions
from numeri_cli.errors import FileForeign, FileMissing, ModelError
from numeri_cli.learning.artifact import find_artifact
from numeri_cli.learning.contract import Contract
from numeri_cli.model_spec import ModelSpec

WALKED = "@backtest"  # behind a model's name: its out-of-sample predictions


@dataclass(frozen=True, eq=False, kw_only=True)
class GivenPredictions:
    """Predictions in memory, such as a frame's.

    model, artifact: what made them, where that is known
    """

    column: IdColumn
    model: str | None = None
    artifact: str | None = None


def model_source(model: OpenModel, data: Path, *, neutral: bool = True) -> PredictionSource:
    """A trained model's predictions for a data file, made where they are not here yet."""
    output = _predicted(model, data, neutral=neutral)
    contract = model.artifact.contract
    name = contract.model if neutral else f"{contract.model}-raw"
    return PredictionSource(
        predictions=read_predictions(output, name=name),
        training_eras=seen_eras(contract, data),
        held_out_eras=held_out_eras(contract, data),
        targets=contract.spec.targets,
        purge_eras=contract.purge_eras,
        neutralized=_proportion(model) if neutral else 0.0,
        contract=tuple(contract_lines(model, neutral=neutral)),
    )


def _proportion(model: OpenModel) -> float:
    """How much is taken out of the predictions, of several steps the first."""
    steps = model.asked_neutralization.steps if model.asked_neutralization else ()
    return steps[0].proportion if steps else 0.0


def file_source(context: Context, file: Path, data: Path) -> PredictionSource:
    """A prediction file; with the eras of its training where an artifact of here made it.

    Raises FileMissing, FileDamaged, PredictionsError.
    """
    source = PredictionSource.of_file(file)  # first: it says what is wrong with the file
    return _made_by(maker_of(context, file), source, data)


def given_source(context: Context, given: GivenPredictions, data: Path) -> PredictionSource:
    """Predictions in memory; with the eras of its training where an artifact of here made them."""
    maker = None
    if given.model is not None and given.artifact is not None:
        with suppress(ModelError, FileForeign):  # it is gone, or of another tournament
            found = find_artifact(
                context.workspace.artifacts(given.model),
                tournament=context.tournament,
                artifact_id=given.artifact,
            )
            maker = Maker(found.contract)
    return _made_by(maker, PredictionSource(predictions=given.column), data)


def _made_by(maker: Maker | None, source: PredictionSource, data: Path) -> PredictionSource:
    """The source with what is known of the artifacts that made it."""
    if maker is None:
        return source
    contract = maker.contract
    made_by = training_lines(maker)
    return replace(
        source,
        training_eras=seen_eras(contract, data),
        held_out_eras=held_out_eras(contract, data),
        targets=contract.spec.targets,
        purge_eras=contract.purge_eras,
        contract=(*source.contract, *made_by),
    )


def seen_eras(contract: Contract, data: Path) -> tuple[str, ...]:
    """The eras that a model was trained on, and those that ended its training early.

    data: an artifact that does not say which were held out is thought to have seen as many of this
    file's as it can have
    """
    return (*contract.eras, *held_out_eras(contract, data))


def held_out_eras(contract: Contract, data: Path) -> tuple[str, ...]:
    """The eras that ended a model's training early, `data` as `seen_eras` takes it."""
    spec = contract.spec
    if contract.held_out_eras or not spec.early_stopping_eras:
        return contract.held_out_eras
    last = era_number(contract.eras[-1])
    most = contract.purge_eras + (spec.early_stopping_eras + 1) * spec.era_stride
    names = DataFile.open(data).eras().names
    return tuple(one for one in names if last < era_number(one) <= last + most)


def walked_source(context: Context, name: str) -> PredictionSource:
    """A model's out-of-sample predictions, as its backtest made them; a blend's, of its parts'.

    Raises FileMissing where there is no backtest, and what reading it raises.
    """
    if shares_of(context, name):
        return _walked_blend_source(context, name)
    path = context.workspace.backtest(name)
    if not path.is_file():
        raise FileMissing(
            f"{name} has not been backtested", hint=f"`numeri backtest {name}` walks it forward"
        )
    spec = context.profile.models[name]
    return _out_of_sample(name, path, spec=spec, told=spec_lines(spec), targets=spec.targets)


def _walked_blend_source(context: Context, name: str) -> PredictionSource:
    models, shares = context.profile.models, shares_of(context, name)
    path = walked_blend(context, name).path
    told = [("blend", words_of(shares))]
    for part in shares:
        told += [(f"{part}: {key}", value) for key, value in spec_lines(models[part])]
    targets = dict.fromkeys(target for part in shares for target in models[part].targets)
    return _out_of_sample(name, path, spec=models[name], told=told, targets=tuple(targets))


def _out_of_sample(
    name: str,
    path: Path,
    *,
    spec: ModelSpec,
    told: Iterable[tuple[str, str]],
    targets: tuple[str, ...],
) -> PredictionSource:
    """What a backtest wrote; told: lines that say how its models were trained."""
    source = PredictionSource.of_file(path, name=f"{name}{WALKED}")
    lines = [
        ("model", name),
        ("predictions", "a backtest: each era by a training before it"),
        *told,
        ("neutralized", spec.neutralization.words if spec.neutralization else "no"),
    ]
    return replace(source, targets=targets, contract=(*lines, *source.contract))


def churning_source(model: OpenModel, data: Path, *, neutral: bool) -> PredictionSource:
    """A trained model's predictions, what its trees rest on, how much they change in a week."""
    raw = _raw_beside(model, data) if neutral else None
    source = model_source(model, data, neutral=neutral)
    churn = churn_of(
        model.context,
        lambda week: _predicted(model, week, neutral=neutral),
        name=source.name,
    )
    gains = () if model.function or model.parts else model.fitted.gain_importance()
    if raw is not None:
        source = replace(source, raw=read_predictions(raw, name=source.name))
    return replace(source, churn=churn, gain_importance=gains)


def _raw_beside(model: OpenModel, data: Path) -> Path | None:
    """The file of a neutralized model's predictions before that; None for any other model.

    Where neither is here both are made in one go.
    """
    if model.neutralization is None:
        return None
    raw = predictions_place(model, data, neutral=False)
    place = model.place(data)
    if not raw.is_file() and not model.context.predicted.get(place, place).is_file():
        model.predict(data, place, with_era=True, raw=raw)
    return _predicted(model, data, neutral=False)


def _predicted(model: OpenModel, data: Path, *, neutral: bool) -> Path:
    """The file of a model's predictions for a data file, made where it is not here yet."""
    if neutral:
        return model.predicted(data)
    output = predictions_place(model, data, neutral=neutral)
    if not output.is_file():
        model.predict(data, output, with_era=True, neutral=neutral)
    return output


def predictions_place(model: OpenModel, data: Path, *, neutral: bool) -> Path:
    """Where the predictions of this artifact for these bytes are kept."""
    return model.place(data, neutral=neutral)
