"""A model, targets × seeds, trained on its data → a new artifact."""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from numeri_cli.children import child_environment
from numeri_cli.dataset.features import features_digest
from numeri_cli.learning.artifact import UNFINISHED, Artifact
from numeri_cli.learning.contract import Contract, MemberRecord
from numeri_cli.learning.era_weights import row_weights
from numeri_cli.learning.estimators.base import (
    Estimator,
    MemberTask,
    Trainer,
    TrainingSettings,
    make_estimator,
)
from numeri_cli.learning.estimators.function import require_trainable
from numeri_cli.learning.held_out import HeldOut
from numeri_cli.learning.plan import (
    Machines,
    Member,
    PlannedWindow,
    TrainingPlan,
    library_version,
    trained_elsewhere,
)
from numeri_cli.learning.rows import LabelledRows, Rows, rows_of_eras, with_target
from numeri_cli.learning.training_data import (
    TrainingData,
    hold_out,
    open_training_data,
    thinned,
    training_eras,
    within_window,
)
from numeri_cli.learning.workspace import Workspace
from numeri_cli.locks import held_lock
from numeri_cli.model_spec import ModelSpec
from numeri_cli.progress import SILENT, Listener
from numeri_cli.version import __version__

LIBRARIES = ("numpy", "pyarrow")


def train(
    name: str,
    spec: ModelSpec,
    workspace: Workspace,
    *,
    folder: Path | None = None,
    estimator: Estimator | None = None,
    vouch: Callable[[Artifact], None] = lambda artifact: None,
    machines: Machines | None = None,
    force: bool = False,
    listener: Listener = SILENT,
) -> Artifact:
    """Train a model and keep it as a new artifact; older ones stay.

    Killed at any time, the next call goes on at the last finished segment with the same trees.
    folder: where the artifact and what is unfinished are put; by default among the model's
    estimator: the one that the model names, unless given
    vouch: hears of the artifact right before it gets its name, so that none is there unvouched for
    machines: who trains the members; this one where None
    force: train even where memory or disk look too small
    Raises FileMissing and the like, FeatureUnknown, TargetUnknown, TargetAlias, TargetMissing,
    ParameterUnknown, EstimatorInvalid, MemoryShort, DiskError; LockHeld where another process
    trains the same model.
    """
    folder = folder or workspace.artifacts(name)
    unfinished = folder / UNFINISHED
    with held_lock(workspace.lock(name), what=f"a training of {name}"):
        started = time.monotonic()
        estimator = estimator or checked_estimator(name, spec, workspace=workspace)
        data = open_training_data(spec, workspace)
        eras, held_out_eras = hold_out(
            thinned(within_window(training_eras(spec, data), spec), spec),
            held_out=spec.early_stopping_eras,
            purge=data.purge_eras,
        )
        plan = TrainingPlan(
            name=name,
            spec=spec,
            workspace=workspace,
            data=data,
            windows=(PlannedWindow(eras, held_out_eras),),
            force=force,
        )
        kept = unfinished / data.inputs_digest
        members = _members(plan, machines, estimator=estimator, unfinished=kept, listener=listener)
        listener.step("trained")
        contract = _contract(
            name,
            spec,
            workspace=workspace,
            data=data,
            eras=eras,
            held_out_eras=held_out_eras,
            estimator=estimator,
            members=members,
            seconds=time.monotonic() - started,
        )
        files = {m.record.file: m.content for m in members}
        artifact = Artifact.save(folder, contract, files, vouch=vouch)
        for leftover in (unfinished, *folder.glob(".*.part")):
            shutil.rmtree(leftover, ignore_errors=True)
        listener.step("artifact_saved")
        return artifact


def _members(
    plan: TrainingPlan,
    machines: Machines | None,
    *,
    estimator: Estimator,
    unfinished: Path,
    listener: Listener,
) -> tuple[Member, ...]:
    """The members of a plan's one window, trained here or by other machines."""
    if machines is not None:
        kept = trained_elsewhere(
            plan, machines, windows=[0], estimator=estimator, folder=unfinished, listener=listener
        )
        return kept.members(0)
    held_out = plan.windows[0].held_out_eras
    settings = TrainingSettings(
        spec=plan.spec,
        features=plan.data.features,
        held_out=held_out_rows(plan.spec, plan.data, eras=held_out, listener=listener),
        era_weights=plan.data.era_weights,
        residual=plan.data.residual,
        cache=plan.workspace.cache,
        unfinished=unfinished,
        force=plan.force,
        listener=listener,
    )
    return train_members(plan.name, plan.rows(0), estimator=estimator, settings=settings)


def checked_estimator(name: str, spec: ModelSpec, *, workspace: Workspace) -> Estimator:
    """The estimator that a model names, once it was found to be trainable.

    Raises ParameterUnknown, EstimatorInvalid.
    """
    require_trainable(spec.estimator.name, folder=workspace.module_folder)
    estimator = make_estimator(spec.estimator, module_folder=workspace.module_folder)
    estimator.check(name, seeds=spec.seeds, early_stopping=spec.early_stopping_eras > 0)
    return estimator


def held_out_rows(
    spec: ModelSpec, data: TrainingData, *, eras: Sequence[str], listener: Listener
) -> HeldOut | None:
    """The rows of held-out eras; None where there are none."""
    if not eras:
        return None
    rows = rows_of_eras(data.sources, eras)
    return HeldOut(rows, data.features, spec.missing_twos, listener, data.residual)


def train_members(
    name: str, rows: Rows, *, estimator: Estimator, settings: TrainingSettings
) -> tuple[Member, ...]:
    """Train targets × seeds, in this order, on those rows whose target is resolved.

    Raises ParameterUnknown, TargetUnknown, TargetAlias, TargetMissing, FileForeign, MemoryShort,
    EstimatorInvalid.
    """
    spec = settings.spec
    members: list[Member] = []
    trainer: Trainer | None = None
    trainer_rows = ""
    for target in spec.targets:
        chosen = labelled_rows(rows, target, settings)
        digest = chosen.rows.digest()
        if trainer is None or digest != trainer_rows:
            trainer = None  # its memory is needed for the next one
            trainer, trainer_rows = estimator.trainer(chosen.rows, settings), digest
        weights = row_weights(chosen.rows, spec.era_weights, settings.era_weights)
        for seed in spec.seeds:
            label = f"{name} {target}" + (f" seed {seed}" if len(spec.seeds) > 1 else "")
            task = MemberTask(label=label, target=target, seed=seed, rows=chosen, weights=weights)
            made = trainer.train(task)
            record = MemberRecord(
                file=f"{target}-seed{seed}{estimator.suffix}",
                digest=sha256(made.content).hexdigest(),
                target=target,
                seed=seed,
                rows=chosen.rows.count,
                dropped_rows=chosen.dropped,
                trees=made.trees,
            )
            members.append(Member(record, made.content))
    return tuple(members)


def labelled_rows(rows: Rows, target: str, settings: TrainingSettings) -> LabelledRows:
    """The rows that have something to learn for a target; how many are left out is said.

    Raises TargetUnknown, TargetAlias, TargetMissing.
    """
    chosen, residual = with_target(rows, target), settings.residual
    say = settings.listener.say
    if chosen.dropped:
        say(f"{chosen.dropped:,} rows without a value of {target} are left out")
    if residual is None:
        return chosen
    left = residual.of_labelled(chosen)
    if left.dropped > chosen.dropped:
        say(f"{left.dropped - chosen.dropped:,} rows without {residual.name} are left out")
    return left


def _contract(
    name: str,
    spec: ModelSpec,
    *,
    workspace: Workspace,
    data: TrainingData,
    eras: tuple[str, ...],
    held_out_eras: tuple[str, ...],
    estimator: Estimator,
    members: Sequence[Member],
    seconds: float,
) -> Contract:
    now = datetime.now(UTC)
    libraries = (*LIBRARIES, *estimator.libraries)
    return Contract(
        artifact_id=f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}",
        model=name,
        tournament=workspace.tournament,
        data_version=workspace.data_version,
        spec=spec,
        params=estimator.recorded_parameters(spec.seeds),
        features=data.features,
        features_digest=features_digest(data.features),
        eras=eras,
        purge_eras=data.purge_eras,
        neutralize_features=data.neutralize_features,
        members=tuple(member.record for member in members),
        sources=data.digests,
        versions={
            "numeri": __version__,
            "python": platform.python_version(),
            **{library: library_version(library) for library in libraries},
        },
        trained_at=now.isoformat(timespec="seconds"),
        training_seconds=round(seconds, 3),
        profile_git=git_state(workspace.profile),
        held_out_eras=held_out_eras,
        scale=data.scale,
    )


_SHA256_DIGITS = 64
# nothing that a folder's configuration names may be run, and nothing fetched
_INERT = ["-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never"]


def git_state(profile: Path | None) -> str:
    """The commit of the profile's repository, "-dirty" where the file was changed; "" elsewhere."""
    git = shutil.which("git")
    if profile is None or git is None:
        return ""

    def ask(*words: str) -> str | None:
        done = subprocess.run(  # noqa: S603 - git itself, with words of ours
            [git, *_INERT, "-C", str(profile.parent), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            env=child_environment(os.environ, GIT_OPTIONAL_LOCKS="0", GIT_NO_LAZY_FETCH="1"),
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else None

    try:
        commit = ask("rev-parse", "HEAD")
        kept = ask("ls-tree", "HEAD", "--", profile.name)
        content = profile.read_bytes()
    except (OSError, UnicodeDecodeError, subprocess.TimeoutExpired):
        return ""
    if not commit:
        return ""
    # `git status` would run programs that the folder's own configuration names: its digest is ours
    hasher = hashlib.sha256 if len(commit) == _SHA256_DIGITS else hashlib.sha1
    digest = hasher(b"blob %d\0" % len(content) + content).hexdigest()
    return commit if digest in (kept or "") else f"{commit}-dirty"
