"""What a trial tries, as a model; refused before the first one where it cannot be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError

from numeri_cli.commands.tune.plan import SearchPlan
from numeri_cli.dataset.targets import check_target
from numeri_cli.errors import ProfileInvalid, UsageProblem
from numeri_cli.files import safe_name
from numeri_cli.learning.estimators.kept_members import code_of
from numeri_cli.learning.training import checked_estimator
from numeri_cli.learning.training_data import TrainingData
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import ModelSpec
from numeri_cli.search_space import changes

_EXAMPLE = "learning_rate = { log = [0.003, 0.1] }"


def require_space(name: str, spec: ModelSpec) -> None:
    """Raise UsageProblem where the profile does not say what of a model is to be varied."""
    if not spec.tune:
        raise UsageProblem(
            f"the profile does not say what of {name} is to be varied",
            hint="say it in a section of the profile, such as",
            lines=f"[models.{name}.tune]\n{_EXAMPLE}",
        )


def candidate(name: str, spec: ModelSpec, values: Mapping[str, Any]) -> ModelSpec:
    """The model with a trial's values in it. Raises ProfileInvalid where that is none."""
    changed = changes(spec.model_dump(exclude_unset=True), spec.estimator.model_dump(), values)
    try:
        return ModelSpec.model_validate(changed)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise ProfileInvalid(
            f"models.{name}.tune holds what no model can have: {key}: {first['msg']}",
            hint="mend that line of the space",
        ) from None


def require_possible(
    name: str, spec: ModelSpec, data: TrainingData, workspace: Workspace
) -> tuple[str, ...]:
    """All targets that a trial may learn; each end of each dimension was tried out on paper.

    Raises ProfileInvalid, FeatureUnknown, TargetUnknown, TargetAlias, ParameterUnknown,
    EstimatorInvalid.
    """
    targets = dict.fromkeys(spec.targets)
    checked_estimator(name, spec, workspace=workspace)
    for dimension_name, dimension in spec.tune.items():
        for value in dimension.ends():
            one = candidate(name, spec, {dimension_name: value})
            workspace.feature_file.features(one.features)
            for step in one.neutralization.steps if one.neutralization else ():
                if step.features:
                    workspace.feature_file.features(step.features)
            targets |= dict.fromkeys(one.targets)
            checked_estimator(name, one, workspace=workspace)
    for target in targets:
        for source in data.sources:
            check_target(source.data, target)
    return tuple(targets)


def study_name(
    name: str,
    spec: ModelSpec,
    *,
    plan: SearchPlan,
    data: TrainingData,
    workspace: Workspace,
    aims: tuple[str, ...],
    benchmark: str | None,
) -> str:
    """A name for the search that says everything its trials depend on, so that none are mixed."""
    choices = [
        workspace.feature_file.features(candidate(name, spec, {"features": value}).features)
        for value in (spec.tune["features"].ends() if "features" in spec.tune else ())
    ]
    parts = [
        spec.model_dump(exclude={"retrain"}),
        {key: dimension.model_dump() for key, dimension in spec.tune.items()},
        asdict(plan),
        [source.digest for source in data.sources],
        data.features,
        data.neutralize_features,
        data.inputs_digest,
        choices,
        aims,
        benchmark,
    ]
    code = code_of(spec.estimator, module_folder=workspace.module_folder)
    parts += [code] if code else []
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
    return f"{safe_name(name)}-{digest[:16]}"
