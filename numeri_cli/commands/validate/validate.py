"""A model's validation: predicted once for each artifact and data file, scored as asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from numeri_cli.commands.context import Context
from numeri_cli.commands.datasets import (
    bring,
    bring_for_validation,
    missing,
)
from numeri_cli.commands.models import (
    neutralization,
    predict,
    site_of,
    trained,
)
from numeri_cli.commands.outcomes import ValidationFigures
from numeri_cli.commands.sources import source_of
from numeri_cli.commands.validate import scoring as validation
from numeri_cli.commands.validate.churn_pair import churn_of
from numeri_cli.commands.validate.result import (
    PredictionSource,
    Validation,
)
from numeri_cli.dataset.eras import purge_eras, sort_eras
from numeri_cli.dataset.features import FeatureFile
from numeri_cli.dataset.parquet import (
    DataFile,
    float_column,
)
from numeri_cli.dataset.prediction_files import read_predictions
from numeri_cli.dataset.targets import check_target
from numeri_cli.errors import ModelError, NumeriError, TargetMissing
from numeri_cli.files import write_text
from numeri_cli.learning.artifact import Artifact
from numeri_cli.scoring.ranks import known

FNC_SET = "fncv3_features"


def figures(context: Context, name: str) -> ValidationFigures | None:
    """CORR of a trained model on the validation data that is here; None where none is.

    Scored once for each artifact, file and neutralization. What goes wrong is said, never raised:
    the submission is already accepted.
    """
    data = context.file(context.files.validation)
    if not data.is_file():
        return None
    try:
        artifact = trained(context, name)
        remembered = _place(context, artifact, data, neutral=True).with_suffix(".json")
        known = _remembered(remembered)
        if known is not None:
            return known
        target = artifact.contract.targets[0]
        source = model_source(context, artifact, data)
        with _purge_explained([source], data, target):
            scored = validation.validate(
                [source],
                data,
                target=target,
                eras=_after_purge([source], data, target),
                listener=context.listener,
            )
        summary = scored.cards[0].summary("corr")
        found = ValidationFigures(
            target, summary.eras, summary.mean, summary.sharpe, summary.drawdown
        )
        write_text(remembered, json.dumps(asdict(found)))
    except NumeriError as error:
        context.listener.say(f"not validated: {error.message}")
        return None
    return found


def _remembered(path: Path) -> ValidationFigures | None:
    """Figures kept by an earlier run; None where there are none that can be read."""
    try:
        return ValidationFigures(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def validate_sources(
    context: Context,
    words: Sequence[str],
    *,
    data: Path | None = None,
    target: str | None = None,
    features: str | None = None,
    benchmark: str | None = None,
    eras: Sequence[str] = (),
    artifact_id: str | None = None,
    raw_too: bool = False,
) -> Validation:
    """Score models of the profile and prediction files side by side.

    data: a file with targets, by default the validation data, downloaded where it is not here
    target: by default the first of the first model's targets
    features: the set behind FNC and exposures
    eras: by default all but those that the purge leaves out after a model's training
    raw_too: each neutralized model without its neutralization as well
    """
    if data is None:
        bring_for_validation(context)
        data = context.file(context.files.validation)
    sources: list[PredictionSource] = []
    targets: list[str] = []
    for word in words:
        name, file = source_of(context, word, model=next(iter(context.profile.models)))
        if file is not None:
            sources.append(PredictionSource.of_file(file))
            continue
        artifact = trained(context, name, artifact_id=artifact_id)
        targets += artifact.contract.targets
        is_neutralized = bool(artifact.contract.neutralize_proportion)
        sources += [
            _churning_source(context, artifact, data, neutral=neutral)
            for neutral in ((True, False) if raw_too and is_neutralized else (True,))
        ]
    chosen = (
        target or (targets or context.profile.model(next(iter(context.profile.models))).targets)[0]
    )
    with _purge_explained([] if eras else sources, data, chosen):
        return validation.validate(
            sources,
            data,
            target=chosen,
            features=_features(context, data, features),
            meta_model=_present(context, context.files.meta_model),
            benchmark=_benchmark(context, benchmark),
            eras=list(eras) or _after_purge(sources, data, chosen),
            listener=context.listener,
        )


@contextmanager
def _purge_explained(
    sources: Sequence[PredictionSource], data: Path, target: str
) -> Iterator[None]:
    """Inside, TargetMissing says so where it is the purge that left only eras without a target.

    sources: none where the eras were chosen by hand
    """
    try:
        yield
    except TargetMissing as error:
        out = _left_out(sources, data, target)
        if not out:
            raise
        file = DataFile.open(data)
        rows = np.isin(file.eras().codes, [file.eras().names.index(era) for era in out])
        if not known(float_column(file.read([target], rows=rows), target)).any():
            raise
        raise TargetMissing(
            f"the purge leaves no era to score: {out[0]}–{out[-1]} are nearer than"
            f" {purge_eras(target)} eras to a model's training, and no other era of {data.name} has"
            f" values of {target} yet",
            hint=f"`--eras {out[0]}-{out[-1]}` scores them all the same, with a warning; or wait"
            " until later targets are known",
        ) from error


def _left_out(sources: Sequence[PredictionSource], data: Path, target: str) -> tuple[str, ...]:
    """Eras whose targets reach back into a model's training, without those it was trained on."""
    names = DataFile.open(data).eras().names
    near: set[str] = set()
    for source in sources:
        overlap = validation.overlapping_eras(source.training_eras, names, target)
        near |= set(overlap) - set(source.training_eras)
    return sort_eras(near)


def _after_purge(
    sources: Sequence[PredictionSource], data: Path, target: str
) -> tuple[str, ...] | None:
    """The eras whose targets do not reach back into any model's training; None for all of them.

    Eras a model was trained on stay, with a warning: whoever trains on the validation data wants
    to see it.
    """
    file = DataFile.open(data)
    check_target(file, target)
    near = set(_left_out(sources, data, target))
    kept = tuple(name for name in file.eras().names if name not in near)
    return kept if near and kept else None


def model_source(
    context: Context, artifact: Artifact, data: Path, *, neutral: bool = True
) -> PredictionSource:
    """A trained model's predictions for a data file, made where they are not here yet."""
    output = _predicted(context, artifact, data, neutral=neutral)
    contract = artifact.contract
    name = contract.model if neutral else f"{contract.model}-raw"
    return PredictionSource(
        predictions=read_predictions(output, name=name),
        training_eras=contract.eras,
        contract=(
            ("model", contract.model),
            ("artifact", contract.artifact_id),
            ("data version", contract.data_version),
            ("features", f"{len(contract.features):,}"),
            ("targets", ", ".join(contract.targets)),
            ("eras", f"{contract.eras[0]}–{contract.eras[-1]}, {len(contract.eras)}"),
            ("estimator", contract.estimator),
            ("trained", contract.trained_at),
        ),
    )


def _churning_source(
    context: Context, artifact: Artifact, data: Path, *, neutral: bool
) -> PredictionSource:
    """The same with the model's churn."""
    source = model_source(context, artifact, data, neutral=neutral)
    churn = churn_of(
        context,
        lambda week: _predicted(context, artifact, week, neutral=neutral),
        name=source.name,
    )
    return replace(source, churn=churn)


def _predicted(context: Context, artifact: Artifact, data: Path, *, neutral: bool) -> Path:
    """The file of a model's predictions for a data file, made where it is not here yet."""
    output = _place(context, artifact, data, neutral=neutral)
    if not output.is_file():
        predict(context, artifact, data, output, with_era=True, neutral=neutral)
    return output


def _place(context: Context, artifact: Artifact, data: Path, *, neutral: bool) -> Path:
    """Where the predictions of this artifact for these bytes are kept."""
    wanted = neutralization(context, artifact.contract.model) if neutral else None
    digest = site_of(context).cache.digest_of(data)
    marks = [artifact.contract.artifact_id, digest, repr(wanted)]
    key = hashlib.sha256("\n".join(marks).encode()).hexdigest()[:24]
    folder = context.home.predictions(context.tournament) / "validation"
    return folder / f"{artifact.contract.model}-{key}.parquet"


def _features(context: Context, data: Path, asked: str | None) -> tuple[str, ...]:
    path = context.file(context.files.features)
    if asked is None:
        if not path.is_file():
            return ()
        known = FeatureFile.read(path)
        if FNC_SET not in known.feature_sets:
            return ()
        wanted = known.features(FNC_SET)
        return wanted if set(wanted) <= set(DataFile.open(data).columns) else ()
    return FeatureFile.read(path).features(asked)


def _present(context: Context, name: str) -> Path | None:
    path = context.file(name)
    return path if path.is_file() else None


def _benchmark(context: Context, asked: str | None) -> tuple[Path, str] | None:
    if asked is not None and missing(context, (context.files.benchmarks,)):
        bring(context, (context.files.benchmarks,))
    path = _present(context, context.files.benchmarks)
    if path is None:
        return None
    columns = [
        name for name in DataFile.open(path).columns if name not in ("id", "era", "data_type")
    ]
    if asked is not None and asked not in columns:
        raise ModelError(
            f"{path.name} has no column {asked!r}", hint=f"it has {', '.join(columns)}"
        )
    if not columns:
        return None
    return path, asked or columns[-1]
