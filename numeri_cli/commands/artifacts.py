"""A model of the profile: trained where it is not, opened, put to work."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from numeri_cli.commands import (
    backtest as backtesting,
)
from numeri_cli.commands import (
    train as training_run,
)
from numeri_cli.commands.backtest import Backtest
from numeri_cli.commands.context import Context
from numeri_cli.commands.datasets import (
    bring,
    bring_for_training,
    missing,
)
from numeri_cli.commands.download import is_as_downloaded
from numeri_cli.commands.plans import plan_of
from numeri_cli.commands.words import chosen_models
from numeri_cli.dataset.features import FeatureFile
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ApiError, DiskError, FileDamaged, ModelError, ModelUntrained
from numeri_cli.files import disk_errors
from numeri_cli.learning.artifact import CONTRACT, Artifact, find_artifact
from numeri_cli.learning.plan import LIGHTGBM, ModelPlan, Neutralization
from numeri_cli.learning.prediction import PredictedFile, predict_file
from numeri_cli.learning.preparation import Site, resolve
from numeri_cli.ledger.entries import TrainedModel
from numeri_cli.published import Published


def train_model(context: Context, name: str, *, force: bool = False) -> Artifact:
    """Train one model; the data is downloaded where it is not here, the ledger is told."""
    plan = plan_of(context.profile, name)
    bring_for_training(context, plan)
    site = site_of(context)
    _require_as_downloaded(context, plan, site)
    artifact = training_run.train(plan, site, force=force, listener=context.listener)
    remember(context, artifact)
    return artifact


def _require_as_downloaded(context: Context, plan: ModelPlan, site: Site) -> None:
    """A part of a file, or another one in its place, must not train a model unnoticed."""
    for part in plan.data:
        path = context.file(context.files.named(part))
        record = context.ledger.file(context.tournament, f"{plan.data_version}/{path.name}")
        if record is None:
            continue
        with disk_errors(path):
            sound = is_as_downloaded(record, path)
        if not sound:
            raise FileDamaged(
                f"{path} is not what was downloaded",
                hint=f"`numeri download --force {part}` brings it again; a file of your own goes"
                " elsewhere",
            )
        if not record.digest:  # it is read whole for the training, now or earlier
            digest = site.cache.digest_of(path)
            context.ledger.keep_file(replace(record, digest=digest))


def remember(context: Context, artifact: Artifact) -> None:
    """Tell the ledger of a new artifact, by the tournament's time where it can be had."""
    try:
        now = context.client.now()
    except ApiError:
        now = datetime.now(UTC)  # trained offline
    context.ledger.keep_model(
        TrainedModel(
            tournament=context.tournament,
            model=artifact.contract.model,
            artifact=artifact.contract.artifact_id,
            digest=_contract_digest(artifact),
            time=now,
        )
    )


def backtest_model(
    context: Context, name: str, *, window: int, purge: int | None, force: bool = False
) -> Backtest:
    """Walk one model forward over its data; missing data is downloaded."""
    plan = plan_of(context.profile, name)
    bring_for_training(context, plan)
    site = site_of(context)
    _require_as_downloaded(context, plan, site)
    return backtesting.backtest(
        plan,
        site,
        window=window,
        purge=purge,
        force=force,
        listener=context.listener,
    )


def site_of(context: Context) -> Site:
    """Where this context's plans are carried out."""
    return Site(context.home, context.tournament, context.dataset, profile=context.profile_path)


def trained(context: Context, name: str, *, artifact_id: str | None = None) -> Artifact:
    """The newest artifact of a model, or the one named. Raises ModelUntrained."""
    context.profile.model(name)
    return find_artifact(context.home, context.tournament, name, artifact_id)


def is_trained(context: Context, name: str) -> bool:
    """Whether there is an artifact of this model; a damaged one is told of where it is used."""
    try:
        trained(context, name)
    except ModelUntrained:
        return False
    except (ModelError, DiskError):
        return True
    return True


def predict(
    context: Context,
    artifact: Artifact,
    data: Path,
    output: Path,
    *,
    with_era: bool = False,
    neutral: bool = True,
) -> PredictedFile:
    """Write a model's predictions for a data file, neutralized as the profile says now.

    neutral: False leaves the neutralization out
    """
    members = artifact.members(digests=known_digests(context, artifact), beside=_beside(context))
    return predict_file(
        members,
        artifact.contract,
        DataFile.open(data),
        output,
        neutralize=neutralization(context, artifact.contract.model) if neutral else None,
        with_era=with_era,
        listener=context.listener,
    )


def neutralization(context: Context, name: str) -> Neutralization | None:
    """What the profile neutralizes this model against, as names of features."""
    plan = plan_of(context.profile, name)
    if plan.neutralize is None:
        return None
    if missing(context, (context.files.features,)):
        bring(context, (context.files.features,))
    return resolve(plan.neutralize, FeatureFile.read(context.file(context.files.features)))


def known_digests(context: Context, artifact: Artifact) -> Mapping[str, str]:
    """Digests of the artifact's files, where the ledger vouches for its contract.

    Opening anything but LightGBM's text runs code, so only what this machine trained is opened.
    """
    if artifact.contract.estimator == LIGHTGBM:
        return {}
    kept = context.ledger.models(context.tournament, model=artifact.contract.model)
    vouched = {row.artifact: row.digest for row in kept}
    if vouched.get(artifact.contract.artifact_id) != _contract_digest(artifact):
        return {}
    return {record.file: record.digest for record in artifact.contract.boosters}


def _contract_digest(artifact: Artifact) -> str:
    path = artifact.folder / CONTRACT
    with disk_errors(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()


def _beside(context: Context) -> Path | None:
    return context.profile_path.parent if context.profile_path else None


@dataclass(frozen=True)
class TrainedModelRow(Published):
    """An artifact, in a line; rows: of the largest booster; trees, dropped_rows: of all."""

    model: str
    artifact: str
    features: int
    targets: tuple[str, ...]
    seeds: tuple[int, ...]
    eras: int
    rows: int
    dropped_rows: int
    trees: int
    seconds: float
    folder: Path


@dataclass(frozen=True)
class TrainedModels(Published):
    """What was trained."""

    models: tuple[TrainedModelRow, ...]


@dataclass(frozen=True)
class BacktestRow(Published):
    """Out-of-sample predictions of one model."""

    model: str
    path: Path
    rows: int
    eras: int
    windows: int
    purge_eras: int


@dataclass(frozen=True)
class Backtests(Published):
    """What was walked forward."""

    models: tuple[BacktestRow, ...]


def train(context: Context, models: Sequence[str], *, force: bool = False) -> TrainedModels:
    """Train models of the profile, all where none is named; missing data is downloaded.

    force: even where memory or disk look too small
    """
    names = chosen_models(context, models)
    context.make_practice()
    return TrainedModels(tuple(_row(train_model(context, name, force=force)) for name in names))


def _row(artifact: Artifact) -> TrainedModelRow:
    contract = artifact.contract
    return TrainedModelRow(
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


def backtest(
    context: Context,
    models: Sequence[str],
    *,
    window: int,
    purge: int | None = None,
    force: bool = False,
) -> Backtests:
    """Walk models of the profile forward, all where none is named; missing data is downloaded.

    window: eras predicted by one training; purge: eras left out before it, by the target if None
    """
    names = chosen_models(context, models)
    context.make_practice()
    rows = []
    for name in names:
        done = backtest_model(context, name, window=window, purge=purge, force=force)
        rows.append(
            BacktestRow(
                name, done.path, done.rows, len(done.eras), len(done.windows), done.purge_eras
            )
        )
    return Backtests(tuple(rows))
