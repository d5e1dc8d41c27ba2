"""Models of the profile that exist: a function or a pickle, opened where it is asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring, missing
from numeri_cli.commands.models.trust import is_trusted
from numeri_cli.dataset.eras import purge_eras
from numeri_cli.dataset.features import features_digest
from numeri_cli.errors import ParameterUnknown
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.contract import Contract
from numeri_cli.learning.estimators.function import (
    PredictFunction,
    find_function,
    is_pickle,
    open_pickle,
    pickle_path,
)
from numeri_cli.model_spec import EstimatorSpec, ModelSpec
from numeri_cli.version import __version__

_APPLICABLE = {"estimator", "targets", "neutralize"}


def is_ready(context: Context, name: str) -> bool:
    """Whether a model of the profile exists as a function or pickle, so that none is trained.

    A pickle is not opened for that. Raises EstimatorInvalid where a function takes other arguments.
    """
    estimator = context.profile.models[name].estimator.name
    folder = context.workspace.module_folder
    return is_pickle(estimator) or find_function(estimator, folder=folder) is not None


def ready_function(context: Context, name: str) -> PredictFunction | None:
    """The function of a model that exists; None where the model is one to be trained.

    Raises FileMissing, PickleUntrusted, LibraryMissing, EstimatorInvalid; ParameterUnknown where
    the profile says how to train it.
    """
    spec = context.profile.model(name)
    estimator, folder = spec.estimator.name, context.workspace.module_folder
    if is_pickle(estimator):
        _require_untrained(name, spec)
        return open_pickle(
            estimator, folder=folder, trusted=lambda digest: is_trusted(context.home, digest)
        )
    found = find_function(estimator, folder=folder)
    if found is not None:
        _require_untrained(name, spec)
    return found


def ready_artifact(context: Context, name: str, function: PredictFunction) -> Artifact:
    """What is known of such a model, as it is known of a trained one; it stands on no disk."""
    spec = context.profile.model(name)
    mark = hashlib.sha256(f"{name} {function.mark} {spec.estimator.name}".encode()).hexdigest()
    contract = Contract(
        artifact_id=f"as-it-is-{mark[:12]}",
        model=name,
        tournament=context.tournament,
        data_version=context.data_version,
        spec=spec,
        params={},
        features=(),
        features_digest=features_digest(()),
        eras=(),
        purge_eras=purge_eras(spec.targets),
        neutralize_features=(),
        members=(),
        sources={},
        versions={"numeri": __version__},
        trained_at="",
        training_seconds=0.0,
        profile_git="",
    )
    folder = function.folder or Path.cwd()
    place = (
        pickle_path(spec.estimator.name, folder=folder).parent
        if is_pickle(spec.estimator.name)
        else folder
    )
    return Artifact(place, contract, mark)


def benchmarks_beside(context: Context, data: Path) -> Path | None:
    """The benchmark models' predictions for a data file; brought where they are of this round.

    None where there are none: the file is no tournament's, or the tournament has no such file.
    Raises LiveDataStale and what the client and its transfers raise.
    """
    path = data.with_name(context.files.benchmarks_of(data.name))
    if data.parent != context.dataset:
        return path if path.is_file() else None
    if path.name.startswith("live") or missing(context, (path.name,)):
        bring(context, (path.name,))
    return path


def _require_untrained(name: str, spec: ModelSpec) -> None:
    """Raise ParameterUnknown for a key that says how to train what exists already."""
    given = sorted(spec.model_fields_set - _APPLICABLE)
    given += [f"estimator.{key}" for key in sorted(_beyond_the_name(spec.estimator))]
    if given:
        raise ParameterUnknown(
            f"{', '.join(given)} of {name}: {spec.estimator.name} is a model that exists, so that"
            " nothing of it is trained",
            hint="leave out of the profile what says how to train it",
        )


def _beyond_the_name(estimator: EstimatorSpec) -> set[str]:
    return {
        key
        for key in estimator.model_fields_set - {"name"}
        if getattr(estimator, key)
        != type(estimator).model_fields[key].get_default(call_default_factory=True)
    }
