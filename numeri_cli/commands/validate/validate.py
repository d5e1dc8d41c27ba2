"""numeri validate: models and prediction files scored side by side with the official scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from numeri_cli.commands.artifacts import OpenModel, found_model, held_against_profile
from numeri_cli.commands.cluster import predicting
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring, bring_for_validation, missing
from numeri_cli.commands.run.outcomes import ValidationFigures
from numeri_cli.commands.validate.era_dates import with_dates
from numeri_cli.commands.validate.kept import keep
from numeri_cli.commands.validate.model_sources import (
    WALKED,
    GivenPredictions,
    churning_source,
    file_source,
    given_source,
    model_source,
    predictions_place,
    walked_source,
)
from numeri_cli.commands.validate.other_targets import on_other_targets
from numeri_cli.commands.validate.payout import with_payout
from numeri_cli.commands.validate.per_era import write_per_era
from numeri_cli.commands.validate.purge import after_purge, purge_explained, purged_eras
from numeri_cli.commands.validate.scores import score_sources
from numeri_cli.commands.validate.summary import ValidationSummary, page_name, summary_of
from numeri_cli.commands.validate.validation import PredictionSource, Validation
from numeri_cli.commands.words import data_file, source_of
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import require_suffix
from numeri_cli.errors import ModelError, NumeriError, UsageProblem
from numeri_cli.files import read_json_object, write_text

VALIDATION = "validation"  # the word for the validation data
FNC_SET = "fncv3_features"


def validate(
    context: Context,
    words: Sequence[str] = (),
    *,
    write_page: Callable[[Validation, Path], object],
    data: str = VALIDATION,
    target: str | None = None,
    features: str | None = None,
    benchmark: str | None = None,
    eras: Sequence[str] = (),
    artifact_id: str | None = None,
    raw_too: bool = False,
    per_era: Path | None = None,
    cluster: str | None = None,
) -> ValidationSummary:
    """Score models and prediction files with the official scores, and write a report of them.

    words: models of the profile, all of them where none is named, prediction files, or models with
    "@backtest" behind them, for their out-of-sample predictions over train and validation data
    write_page: writes what was scored as a page
    per_era: a file for all scores of every era, CSV or parquet by its suffix
    cluster: whose machines predict; as the profile says where None
    data: as `data_file` takes it
    The other parameters, and what is raised, are those of `validate_sources`.
    """
    if per_era is not None:
        require_suffix(per_era)
    with predicting(context, cluster=cluster):
        scored = score(
            context,
            words,
            data=data,
            target=target,
            features=features,
            benchmark=benchmark,
            eras=eras,
            artifact_id=artifact_id,
            raw_too=raw_too,
        )
    page = context.home.reports(context.tournament) / page_name(scored)
    write_page(scored, page)
    if per_era is not None:
        per_era = per_era.absolute()
        write_per_era(scored, per_era)
    return summary_of(scored, report=page, per_era=per_era)


def score(
    context: Context,
    words: Sequence[str] = (),
    *,
    given: Sequence[GivenPredictions] = (),
    data: str = VALIDATION,
    target: str | None = None,
    features: str | None = None,
    benchmark: str | None = None,
    eras: Sequence[str] = (),
    artifact_id: str | None = None,
    raw_too: bool = False,
) -> Validation:
    """Score models and predictions with the official scores, and with the payout where it is known.

    given: predictions in memory; behind what the words mean, which is nothing where there are none
    The other parameters are those of `validate`, and what is raised is that of `validate_sources`.
    """
    asked = words or ([] if given else list(context.profile.models))
    context.make_practice()
    scored = validate_sources(
        context,
        asked,
        data=None if data == VALIDATION else data_file(context, data),
        target=target,
        features=features,
        benchmark=benchmark,
        eras=eras,
        artifact_id=artifact_id,
        raw_too=raw_too,
        given=given,
    )
    scored = on_other_targets(
        scored,
        meta_model=_present(context, context.files.meta_model),
        eras=eras,
        listener=context.listener,
    )
    scored = with_dates(context, with_payout(context, scored))
    if data == VALIDATION and not eras and target is None:
        keep(context, scored)
    return scored


def figures(model: OpenModel) -> ValidationFigures | None:
    """CORR of a trained model on the validation data that is here; None where none is.

    Scored once for each artifact, file and neutralization. What goes wrong is said, never raised:
    the submission is already accepted.
    """
    context = model.context
    data = context.file(context.files.validation)
    if not data.is_file():
        return None
    wanted = model.function is not None and model.function.wants_benchmarks
    if wanted and missing(context, (context.files.benchmarks,)):
        context.listener.say(f"not validated: {context.files.benchmarks} is not here")
        return None
    try:
        remembered = predictions_place(model, data, neutral=True).with_suffix(".json")
        known = remembered_figures(remembered)
        if known is not None:
            return known
        target = model.artifact.contract.spec.targets[0]
        source = model_source(model, data)
        with purge_explained([source], data, target=target):
            scored = score_sources(
                [source],
                data,
                target=target,
                eras=after_purge([source], data, target=target),
                listener=context.listener,
            )
        summary = scored.cards[0].summary("corr")
        found = ValidationFigures(
            target,
            summary.eras,
            summary.mean,
            summary.sharpe,
            summary.drawdown,
            seen_in_training=scored.coverage[0].seen_in_training,
        )
        write_text(remembered, json.dumps(asdict(found)))
    except NumeriError as error:
        context.listener.say(f"not validated: {error.message}")
        return None
    return found


def remembered_figures(path: Path) -> ValidationFigures | None:
    """Figures kept by an earlier run; None where there are none that can be read."""
    found = read_json_object(path)
    means = [found.get(name) for name in ("corr_mean", "corr_sharpe", "corr_drawdown")]
    counts = [found.get(name) for name in ("eras", "seen_in_training")]
    if not isinstance(found.get("target"), str):
        return None
    if not all(isinstance(one, float) for one in means):
        return None
    if not all(isinstance(one, int) for one in counts):
        return None
    try:
        return ValidationFigures(**found)
    except TypeError:  # a name that it has not
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
    given: Sequence[GivenPredictions] = (),
) -> Validation:
    """Score models of the profile and prediction files side by side.

    given: predictions in memory, behind them
    data: a file with targets, by default the validation data, downloaded where it is not here
    target: by default the first of the first model's targets
    features: the set behind FNC and exposures
    eras: by default all but those that the purge leaves out after a model's training
    raw_too: each neutralized model without its neutralization as well
    """
    walked = [word.removesuffix(WALKED) for word in words if word.endswith(WALKED)]
    for name in walked:
        context.profile.model(name)
    first = next(iter(context.profile.models))
    others = [word for word in words if not word.endswith(WALKED)]
    meant = [source_of(context, word, model=first) for word in others]
    _require_applicable(meant, artifact_id=artifact_id, raw_too=raw_too)
    further: list[Path] = []
    if data is None:
        bring_for_validation(context)
        data = context.file(context.files.validation)
        further = _training_file(context) if walked else []
    sources, targets, told = _sources(
        context, meant, data, walked=walked, artifact_id=artifact_id, raw_too=raw_too
    )
    sources += [given_source(context, one, data) for one in given]
    chosen = (
        target or (targets or context.profile.model(next(iter(context.profile.models))).targets)[0]
    )
    with purge_explained([] if eras else sources, data, target=chosen):
        scored = score_sources(
            sources,
            data,
            target=chosen,
            features=_features(context, data, asked=features),
            meta_model=_present(context, context.files.meta_model),
            benchmark=_benchmark(context, benchmark, data),
            more=[(path, _benchmark(context, benchmark, path)) for path in further],
            eras=list(eras) or _eras(sources, data, further, target=chosen),
            listener=context.listener,
        )
    purged = () if eras else tuple(purged_eras(sources, data, target=chosen))
    return replace(scored, warnings=(*told, *scored.warnings), left_out=(*purged, *scored.left_out))


def _sources(
    context: Context,
    meant: Sequence[tuple[str, Path | None]],
    data: Path,
    *,
    walked: Sequence[str],
    artifact_id: str | None,
    raw_too: bool,
) -> tuple[list[PredictionSource], list[str], list[str]]:
    """What is to be scored, the targets that it was trained for, and what is to be said of it.

    meant: models by name, and the files in place of them; walked: models by their backtests
    """
    sources: list[PredictionSource] = []
    targets: list[str] = []
    told: list[str] = []
    neutralized = 0
    for name, file in meant:
        if file is not None:
            sources.append(file_source(context, file, data))
            continue
        model = found_model(context, name, artifact_id=artifact_id)
        told += _told_of(model)
        targets += model.artifact.contract.spec.targets
        is_neutralized = model.neutralization is not None
        neutralized += is_neutralized
        if raw_too and not is_neutralized:
            told.append(f"{name} has no neutralization, so --raw has nothing to add for it")
        sources += [
            churning_source(model, data, neutral=neutral)
            for neutral in ((True, False) if raw_too and is_neutralized else (True,))
        ]
    out_of_sample = [walked_source(context, name) for name in walked]
    sources += out_of_sample
    targets += [target for source in out_of_sample for target in source.targets]
    if raw_too and not neutralized:
        raise UsageProblem(
            "--raw scores a model without its neutralization, and none that is named has one",
            hint="leave it out; [models.NAME.neutralize] of the profile sets one",
        )
    return sources, targets, told


def _told_of(model: OpenModel) -> list[str]:
    """What is to be said of a model beside its scores. Raises GuardRefused."""
    finding = held_against_profile(model)
    told = [f"{finding.message}: {finding.hint}"] if finding else []
    if model.function is not None:
        told.append(
            f"{model.name} is used as it is: on which eras it was trained is not known here, and a"
            " score of those is no test"
        )
    return told


def _require_applicable(
    meant: Sequence[tuple[str, Path | None]], *, artifact_id: str | None, raw_too: bool
) -> None:
    """Raise UsageProblem for an option that says nothing of what is to be scored.

    meant: models by name, and the files in place of them
    """
    models = [name for name, file in meant if file is None]
    if artifact_id is not None and len(models) != 1:
        raise UsageProblem(
            f"--artifact names one model's artifact, and {len(models) or 'no'} models are named",
            hint="name one model beside it: numeri validate MODEL --artifact …",
        )
    if raw_too and not models:
        raise UsageProblem(
            "--raw is for models, and only files are named",
            hint="leave it out: a file's predictions are scored as they are",
        )


def _features(context: Context, data: Path, *, asked: str | None) -> tuple[str, ...]:
    path = context.file(context.files.features)
    if asked is None:
        if not path.is_file():
            return ()
        known = context.workspace.feature_file
        if FNC_SET not in known.feature_sets:
            return ()
        wanted = known.features(FNC_SET)
        return wanted if set(wanted) <= set(DataFile.open(data).columns) else ()
    return context.workspace.feature_file.features(asked)


def _present(context: Context, name: str) -> Path | None:
    path = context.file(name)
    return path if path.is_file() else None


def _benchmark(context: Context, asked: str | None, data: Path) -> tuple[Path, str] | None:
    """The benchmarks' file for a data file and the column that is meant.

    That of the validation data serves files of one's own, whose ids it may have.
    Raises ModelError where it has no such column.
    """
    ours = data.parent == context.dataset
    name = context.files.benchmarks_of(data.name) if ours else context.files.benchmarks
    absent = missing(context, (name,))
    if absent and (asked is not None or name != context.files.benchmarks):
        try:
            bring(context, absent)
        except NumeriError as error:
            if asked is not None:
                raise
            context.listener.say(f"going on without {name}: {error.message}")
    path = _present(context, name)
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


def _training_file(context: Context) -> list[Path]:
    """The training data, whose eras a backtest predicts, too."""
    name = context.files.train
    absent = missing(context, (name,))
    if absent:
        bring(context, absent)
    return [context.file(name)]


def _eras(
    sources: Sequence[PredictionSource], data: Path, further: Sequence[Path], *, target: str
) -> list[str] | None:
    """The eras that are scored where none were asked for; None for all."""
    kept = after_purge(sources, data, target=target)
    if kept is None:
        return None
    return [*kept, *(name for path in further for name in DataFile.open(path).eras().names)]
