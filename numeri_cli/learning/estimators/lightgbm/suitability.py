"""Parameters that LightGBM takes and that would make another model than was meant.

The library says nothing against them: labels are truncated, a parameter has no effect, several
seeds give the same trees. They are refused by name before anything is trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from numeri_cli.errors import ParameterUnknown
from numeri_cli.learning.estimators.lightgbm.parameters import canonical, value_of

# By objective and alias, what it makes of labels between 0 and 1 that are one number a row
_UNSUITABLE = {
    **dict.fromkeys(
        ("multiclass", "softmax", "multiclassova", "multiclass_ova", "ova", "ovr"),
        "takes labels for whole classes and predicts several numbers a row",
    ),
    "binary": "takes every label above 0 for 1",
    **dict.fromkeys(
        ("lambdarank", "rank_xendcg", "xendcg", "xe_ndcg", "xe_ndcg_mart", "xendcg_mart"),
        "takes whole labels, in groups that are queries",
    ),
}
_ALWAYS_RANDOM = ("extra_trees", "use_quantized_grad")
_BELOW_ONE = ("feature_fraction", "feature_fraction_bynode")
_BAGGED = ("bagging_fraction", "pos_bagging_fraction", "neg_bagging_fraction")


def require_suitable_objective(params: Mapping[str, Any]) -> None:
    """Raise ParameterUnknown where the objective does not fit the targets of a tournament."""
    objective = str(value_of(params, "objective", ""))
    reason = _UNSUITABLE.get(objective)
    if reason is not None:
        raise ParameterUnknown(
            f"objective = {objective!r} does not suit a target between 0 and 1: it {reason}",
            hint='take "regression", "cross_entropy" or another objective of one number a row',
        )


def require_early_stopping_rows(params: Mapping[str, Any], *, early_stopping: bool) -> None:
    """Raise ParameterUnknown where training is to stop early and no rows are held out for it."""
    for name, value in params.items():
        if canonical(name) == "early_stopping_round" and value and not early_stopping:
            raise ParameterUnknown(
                f"{name} = {value!r} has no effect: no eras are held out to stop by",
                hint="add `early_stopping_eras` to the model, such as early_stopping_eras = 20",
            )


def require_different_members(params: Mapping[str, Any], *, seeds: tuple[int, ...]) -> None:
    """Raise ParameterUnknown where several seeds would give the same trees."""
    if len(seeds) < 2 or any(_random(params)):
        return
    without = [f"{name} = {value!r}" for name, value in _without_frequency(params)]
    told = f"{', '.join(without)} has no effect without subsample_freq" if without else ""
    raise ParameterUnknown(
        f"{len(seeds)} `seeds` would give {len(seeds)} times the same trees:"
        f" {told or 'nothing in params is random'}",
        hint="add `subsample_freq = 1` to params"
        if without
        else "name one seed, or add something random, such as colsample_bytree = 0.1",
    )


def ineffective(params: Mapping[str, Any]) -> str | None:
    """A word on rows that are never sampled, though a share of them is asked for."""
    found = [f"{name} = {value!r}" for name, value in _without_frequency(params)]
    return f"{', '.join(found)} has no effect without subsample_freq" if found else None


def _random(params: Mapping[str, Any]) -> Iterator[bool]:
    """Whether each of those parameters that may make trees depend on the seed does so."""
    yield from (bool(value_of(params, name, False)) for name in _ALWAYS_RANDOM)
    yield from (float(value_of(params, name, 1.0)) < 1 for name in _BELOW_ONE)
    yield str(value_of(params, "boosting", "gbdt")) in ("dart", "goss", "rf", "random_forest")
    yield str(value_of(params, "data_sample_strategy", "bagging")) == "goss"
    yield _sampled(params) and int(value_of(params, "bagging_freq", 0)) > 0


def _sampled(params: Mapping[str, Any]) -> bool:
    return any(float(value_of(params, name, 1.0)) < 1 for name in _BAGGED)


def _without_frequency(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What asks for a share of the rows, where none is ever drawn."""
    if int(value_of(params, "bagging_freq", 0)) > 0:
        return
    for name, value in params.items():
        if canonical(name) in _BAGGED and float(value) < 1:
            yield name, value
