"""Where a profile says otherwise than a model was trained: the keys that differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from numeri_cli.errors import NumeriError
from numeri_cli.learning.contract import Contract
from numeri_cli.model_spec import ModelSpec

NamesOfSet = Callable[[str | Sequence[str]], tuple[str, ...]]
# What is done to predictions afterwards, when it is trained, which artifact is used
_NOT_OF_TRAINING = {"artifact", "blend", "neutralize", "retrain", "retrain_hours", "tune"}
_COMPARED_IN_PARTS = {"era_weights", "estimator", "features"}
_OF_FIRST_FORMAT = ("data", "missing_twos", "seeds", "targets")  # it kept no others


def differing_keys(
    spec: ModelSpec,
    contract: Contract,
    *,
    data_version: str,
    names_of_set: NamesOfSet,
) -> tuple[str, ...]:
    """The keys of the profile that differ from what a model was trained by, such as "features".

    What is done to predictions afterwards (`neutralize`) and when it is trained (`retrain`) says
    nothing of the training; every other key of the schema is compared. A parameter is named by
    itself: "estimator.params.max_depth".
    spec: of the profile; contract: of the model
    names_of_set: the features that words mean; where that is not known here, they go by themselves
    """
    trained = contract.spec
    others = set(ModelSpec.model_fields) - _NOT_OF_TRAINING - _COMPARED_IN_PARTS
    keys = _OF_FIRST_FORMAT if contract.of_first_format else others
    found = [key for key in keys if getattr(spec, key) != getattr(trained, key)]
    if _other_features(spec, contract, names_of_set=names_of_set):
        found.append("features")
    if data_version != contract.data_version:
        found.append("data_version")
    found += (
        f"era_weights.{key}"
        for key in type(spec.era_weights).model_fields
        if getattr(spec.era_weights, key) != getattr(trained.era_weights, key)
    )
    if spec.estimator.name != trained.estimator.name:
        found.append("estimator.name")
    found += (
        f"estimator.{key}"
        for key in set(type(spec.estimator).model_fields) - {"name", "params"}
        if getattr(spec.estimator, key) != getattr(trained.estimator, key)
    )
    wanted, given = spec.estimator.params, trained.estimator.params
    if contract.of_first_format:  # which kept our own defaults among them
        given = {key: value for key, value in given.items() if key in wanted}
    found += (f"estimator.params.{key}" for key in _differing(wanted, given))
    return tuple(sorted(found))


def _other_features(
    spec: ModelSpec,
    contract: Contract,
    *,
    names_of_set: NamesOfSet,
) -> bool:
    """Whether the profile names other features, however it names them."""
    wanted, trained = spec.features, contract.spec.features
    words = (wanted,) if isinstance(wanted, str) else wanted
    if wanted == trained and not any("@" in word for word in words):  # a file may have changed
        return False
    try:
        return set(names_of_set(wanted)) != set(contract.features)
    except NumeriError:
        return wanted != trained and set(words) != set(contract.features)


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*one, *other}):
        if key not in one or key not in other or one[key] != other[key]:
            yield key
