"""numeri train: what the profile says, trained; data that is missing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from numeri_cli.commands.artifacts import remember
from numeri_cli.commands.blends import expanded, require_no_blend
from numeri_cli.commands.cluster import machines
from numeri_cli.commands.context import Context
from numeri_cli.commands.data_files import is_as_downloaded
from numeri_cli.commands.download import bring_for_training
from numeri_cli.commands.ready import is_ready
from numeri_cli.commands.run.outcomes import Problem
from numeri_cli.commands.words import chosen_models
from numeri_cli.errors import ExitCode, FileDamaged, ModelError, worst
from numeri_cli.files import disk_errors
from numeri_cli.learning import training
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.estimators.function import require_trainable
from numeri_cli.learning.plan import Machines
from numeri_cli.model_spec import Distribute, ModelSpec
from numeri_cli.published import Published


@dataclass(frozen=True)
class TrainedModelRow(Published):
    """An artifact, in a line; rows: of the largest booster; trees, dropped_rows: of all.

    machines: the workers of a cluster that trained it; empty where this machine did
    """

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
    machines: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainedModels(Published):
    """What was trained; failed: the error of each model that could not be, which it names."""

    models: tuple[TrainedModelRow, ...]
    failed: tuple[Problem, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """The worst of all models."""
        return worst([ExitCode(one.exit_code) for one in self.failed])


def train(
    context: Context,
    models: Sequence[str],
    *,
    force: bool = False,
    cluster: str | None = None,
    distribute: Distribute | None = None,
) -> TrainedModels:
    """Train models of the profile, all where none is named; missing data is downloaded.

    A blend stands for its parts.
    What is wrong with one of several models costs that one alone.
    force: even where memory or disk look too small
    cluster, distribute: whose machines train, and how; as the profile says where None
    Raises ModelError where one model is asked for; whatever concerns all models alike.
    """
    names = expanded(context, chosen_models(context, models))
    if not models:
        names = [name for name in names if not _is_used_as_it_is(context, name)]
    context.make_practice()
    rows, failed = [], []
    with machines(context, cluster=cluster, distribute=distribute) as others:
        for name in names:
            try:
                rows.append(_row(train_model(context, name, machines=others, force=force)))
            except ModelError as error:
                if len(names) == 1:
                    raise
                problem = Problem.of(error)
                failed.append(replace(problem, message=f"{name}: {problem.message}"))
    return TrainedModels(tuple(rows), tuple(failed))


def _is_used_as_it_is(context: Context, name: str) -> bool:
    """Whether there is nothing to train of a model; it is told."""
    try:
        found = is_ready(context, name)
    except ModelError:  # told where it is trained
        return False
    if found:
        estimator = context.profile.models[name].estimator.name
        context.listener.say(f"{name} is used as it is, and not trained: {estimator}")
    return found


def train_model(
    context: Context, name: str, *, machines: Machines | None = None, force: bool = False
) -> Artifact:
    """Train one model; the data is downloaded where it is not here, the ledger is told."""
    require_no_blend(context, [name], verb="train")
    spec = context.profile.model(name)
    require_trainable(spec.estimator.name, folder=context.workspace.module_folder)
    bring_for_training(context, spec)
    require_as_downloaded(context, spec)
    return training.train(
        name,
        spec,
        context.workspace,
        vouch=partial(remember, context),
        machines=machines,
        force=force,
        listener=context.listener,
    )


def require_as_downloaded(context: Context, spec: ModelSpec) -> None:
    """A part of a file, or another one in its place, must not train a model unnoticed."""
    for part in spec.data:
        path = context.file(context.files.named(part))
        record = context.ledger.file(context.tournament, f"{context.data_version}/{path.name}")
        if record is None:
            continue
        with disk_errors(path):
            sound = is_as_downloaded(record, path, digests=context.home.digests(context.tournament))
        if not sound:
            raise FileDamaged(
                f"{path} is not what was downloaded",
                hint=f"`numeri download --force {part}` brings it again; a file of your own goes"
                " elsewhere",
            )
        if not record.digest:  # it is read whole for the training, now or earlier
            context.ledger.keep_file(replace(record, digest=context.workspace.digest_of(path)))


def _row(artifact: Artifact) -> TrainedModelRow:
    contract = artifact.contract
    return TrainedModelRow(
        model=contract.model,
        artifact=contract.artifact_id,
        features=len(contract.features),
        targets=contract.spec.targets,
        seeds=contract.spec.seeds,
        eras=len(contract.eras),
        rows=max(member.rows for member in contract.members),
        dropped_rows=sum(member.dropped_rows for member in contract.members),
        trees=sum(member.trees for member in contract.members),
        seconds=contract.training_seconds,
        folder=artifact.folder,
        machines=contract.machines,
    )
