"""A plan and the downloaded files → an artifact."""

from __future__ import annotations

import platform
import secrets
import shutil
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numeri_cli import __version__
from numeri_cli.dataset.features import features_digest
from numeri_cli.learning.artifact import UNFINISHED, Artifact, model_folder
from numeri_cli.learning.contract import BoosterRecord, Contract
from numeri_cli.learning.plan import LIGHTGBM, EraWeights, ModelPlan
from numeri_cli.learning.preparation import Prepared, Site, prepare, training_eras
from numeri_cli.learning.training import (
    Member,
    TrainingSet,
    Workplace,
    hold_out,
    parameters,
    train_members,
)
from numeri_cli.locks import held_lock
from numeri_cli.progress import SILENT, Listener

__all__ = ["Site", "git_state", "train"]


def train(
    plan: ModelPlan, site: Site, *, force: bool = False, listener: Listener = SILENT
) -> Artifact:
    """Train a plan's targets × seeds and keep them as a new artifact; older ones stay.

    Killed at any time, the next call goes on at the last finished leg with the same trees.
    force: train even where memory or disk look too small
    Raises FileMissing and the like, FeatureUnknown, TargetUnknown, TargetAlias, TargetMissing,
    ParameterUnknown, EstimatorInvalid, MemoryShort, DiskError; LockHeld where another process
    trains the same model.
    """
    with held_lock(site.lock(plan.name), what=f"a training of {plan.name}"):
        return _train(plan, site, force=force, listener=listener)


def _train(plan: ModelPlan, site: Site, *, force: bool, listener: Listener) -> Artifact:
    started = time.monotonic()
    prepared = prepare(plan, site)
    eras = plan.eras.choose(training_eras(prepared))
    train_on, held_out = hold_out(eras, held_out=plan.early_stopping_eras, purge=prepared.purge)
    data = TrainingSet(prepared.sources, prepared.features, train_on, held_out)
    unfinished = model_folder(site.home, site.tournament, plan.name) / UNFINISHED
    place = Workplace(site.cache, unfinished, beside=site.beside, force=force, listener=listener)
    members = train_members(prepared.plan, data, place)
    listener.step("trained")
    contract = _contract(prepared, site, members, eras=train_on, seconds=time.monotonic() - started)
    files = {member.file: member.content for member in members}
    artifact = Artifact.save(site.home, contract, files)
    for leftover in (unfinished, *unfinished.parent.glob(".*.part")):
        shutil.rmtree(leftover, ignore_errors=True)
    listener.step("artifact_saved")
    return artifact


def _contract(
    prepared: Prepared,
    site: Site,
    members: Sequence[Member],
    *,
    eras: tuple[str, ...],
    seconds: float,
) -> Contract:
    plan, now = prepared.plan, datetime.now(UTC)
    neutralize, weights = plan.neutralize, plan.weights or EraWeights()
    return Contract(
        artifact_id=f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}",
        model=plan.name,
        tournament=site.tournament,
        data_version=plan.data_version,
        estimator=plan.estimator,
        params=_params_as_trained(plan),
        features=prepared.features,
        features_digest=features_digest(prepared.features),
        targets=plan.targets,
        seeds=plan.seeds,
        eras=eras,
        purge_eras=prepared.purge,
        missing_twos=plan.missing_twos,
        neutralize_features=tuple(neutralize.features) if neutralize else (),
        neutralize_proportion=neutralize.proportion if neutralize else 0.0,
        leg_trees=plan.leg_trees,
        boosters=tuple(_record(member) for member in members),
        sources={source.data.path.name: source.digest for source in prepared.sources},
        versions=_versions(),
        trained_at=now.isoformat(timespec="seconds"),
        training_seconds=round(seconds, 3),
        profile_git=git_state(site.profile),
        equal_eras=weights.equal,
        half_life_eras=weights.half_life_eras,
    )


def _params_as_trained(plan: ModelPlan) -> dict[str, Any]:
    if plan.estimator != LIGHTGBM:
        return dict(plan.params)
    given = parameters(plan, plan.seeds[0])
    return given if len(plan.seeds) == 1 else {k: v for k, v in given.items() if k != "seed"}


def _record(member: Member) -> BoosterRecord:
    return BoosterRecord(
        file=member.file,
        digest=sha256(member.content).hexdigest(),
        target=member.target,
        seed=member.seed,
        rows=member.rows,
        dropped_rows=member.dropped_rows,
        trees=member.trees,
    )


def _versions() -> dict[str, str]:
    libraries = ("lightgbm", "numpy", "pyarrow", "joblib")
    return {
        "numeri": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def git_state(profile: Path | None) -> str:
    """The commit of the profile's repository, "-dirty" where the file was changed; "" elsewhere."""
    git = shutil.which("git")
    if profile is None or git is None:
        return ""

    def ask(*words: str) -> str | None:
        done = subprocess.run(  # noqa: S603 - git itself, with words of ours
            [git, "-C", str(profile.parent), *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else None

    try:
        commit = ask("rev-parse", "HEAD")
        changed = ask("status", "--porcelain", "--", profile.name)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if not commit:
        return ""
    return f"{commit}-dirty" if changed else commit
