"""Training again when the profile says so; the old model serves until the new one has validated."""

from __future__ import annotations

import math
import shutil
from datetime import datetime, timedelta

from numeri_cli.commands.artifacts import OpenModel, is_trained, remember
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import (
    bring,
)
from numeri_cli.commands.run.outcomes import Retraining
from numeri_cli.commands.validate.model_sources import model_source
from numeri_cli.commands.validate.scores import score_sources
from numeri_cli.errors import NumeriError
from numeri_cli.files import disk_errors
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.training import train

CANDIDATES = "candidates"
SLACK = timedelta(hours=12)  # weekly runs are never a week apart to the second


def due(context: Context, name: str, *, now: datetime) -> bool:
    """Whether the profile wants this model trained again by now."""
    period = context.profile.models[name].retrain
    if period == "never" or not is_trained(context, name):
        return False
    kept = context.ledger.models(context.tournament, model=name)
    if not kept:
        return False
    weeks = int(period.split()[0])
    return now - kept[0].time >= timedelta(weeks=weeks) - SLACK


def retrain(context: Context, name: str) -> Retraining:
    """Fetch what changed, train beside the old model, adopt the new one if it validates.

    It validates when its mean CORR on the validation data is above zero. What goes wrong is
    told, not raised: the round's submission is already in.
    """
    try:
        artifact = _train_candidate(context, name)
        corr_mean, seen = _corr_mean(context, artifact)
        if not corr_mean > 0:
            return _keep_old(name, artifact, corr_mean, seen=seen)
        _adopt(context, artifact)
    except NumeriError as error:
        return Retraining(name, "failed", None, math.nan, error.message)
    return Retraining(name, "adopted", artifact.contract.artifact_id, corr_mean, "", seen)


def _train_candidate(context: Context, name: str) -> Artifact:
    """Train into a folder of its own, under the lock of every training of this model."""
    spec = context.profile.model(name)
    files = {
        context.files.features,
        context.files.validation,
        *map(context.files.named, spec.data),
    }
    bring(context, sorted(files))
    context.listener.step("retraining")
    return train(
        name,
        spec,
        context.renew_workspace(),
        folder=context.home.data / CANDIDATES / context.tournament / name,
        listener=context.listener,
    )


def _corr_mean(context: Context, artifact: Artifact) -> tuple[float, int]:
    """On the validation data, and how many of its eras the model has seen in training."""
    data = context.file(context.files.validation)
    source = model_source(OpenModel(context, artifact, trained_here=True), data)
    scored = score_sources(
        [source], data, target=artifact.contract.spec.targets[0], listener=context.listener
    )
    return scored.cards[0].summary("corr").mean, scored.coverage[0].seen_in_training


def _keep_old(name: str, artifact: Artifact, corr_mean: float, *, seen: int) -> Retraining:
    with disk_errors(artifact.folder):
        shutil.rmtree(artifact.folder)
    return Retraining(
        name,
        "kept the old",
        None,
        corr_mean,
        f"the retrained {name} has a mean CORR of {corr_mean:.4f} on the validation data"
        + (f", {seen} of its eras seen in training" if seen else ""),
        seen,
    )


def _adopt(context: Context, artifact: Artifact) -> None:
    """Give the candidate its place among the model's artifacts, by one rename."""
    contract = artifact.contract
    final = context.workspace.artifacts(contract.model) / contract.artifact_id
    with disk_errors(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        artifact.folder.rename(final)
    remember(context, Artifact(final, contract, artifact.digest))
    context.listener.step("retrained")
