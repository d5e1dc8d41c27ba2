"""Parameters that LightGBM takes and that would make another model than was meant.

The library says nothing against them: labels are truncated, several seeds give the same trees, a
tree that was judged is changed later. They are refused by name before anything is trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from numeri_cli.errors import ParameterUnknown
from numeri_cli.learning.estimators.lightgbm.effects import without_frequency
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
    "gamma": "takes labels above 0 only",
    **dict.fromkeys(
        ("none", "null", "na", "custom"), "waits for a function that a profile cannot give"
    ),
}
# What these objectives take at least and at most
_LABELS = {
    **dict.fromkeys(("cross_entropy", "xentropy"), (0.0, 1.0)),
    **dict.fromkeys(("cross_entropy_lambda", "xentlambda"), (0.0, 1.0)),
    **dict.fromkeys(("poisson", "tweedie"), (0.0, np.inf)),
}


def require_suitable_objective(params: Mapping[str, Any]) -> None:
    """Raise ParameterUnknown where the objective does not fit the targets of a tournament."""
    objective = str(value_of(params, "objective", ""))
    reason = _UNSUITABLE.get(objective)
    if reason is not None:
        raise ParameterUnknown(
            f"objective = {objective!r} does not suit a target between 0 and 1: it {reason}",
            hint='take "regression", "cross_entropy" or another objective of one number a row',
        )


def require_suitable_labels(params: Mapping[str, Any], labels: npt.NDArray[np.float32]) -> None:
    """Raise ParameterUnknown where the objective does not take such labels, as of a residual."""
    objective = str(value_of(params, "objective", ""))
    least, most = _LABELS.get(objective, (-np.inf, np.inf))
    if labels.size and not (least <= labels.min() and labels.max() <= most):
        raise ParameterUnknown(
            f"objective = {objective!r} takes labels from {least:g} to {most:g}, and these go from"
            f" {labels.min():.3g} to {labels.max():.3g}",
            hint='take "regression", which takes any',
        )


def require_early_stopping_rows(params: Mapping[str, Any], *, early_stopping: bool) -> None:
    """Raise ParameterUnknown where training is to stop early and cannot.

    No rows are held out for it, or the booster changes trees after they were judged.
    """
    for name, value in params.items():
        if canonical(name) == "early_stopping_round" and value and not early_stopping:
            raise ParameterUnknown(
                f"{name} = {value!r} has no effect: no eras are held out to stop by",
                hint="add `early_stopping_eras` to the model, such as early_stopping_eras = 20",
            )
    boosting = str(value_of(params, "boosting", "gbdt"))
    if early_stopping and boosting == "dart":
        raise ParameterUnknown(
            "early_stopping_eras cannot end a training with boosting = 'dart': it changes earlier"
            " trees, so that what is kept was never judged",
            hint='take early_stopping_eras out of the model, or boosting = "gbdt"',
        )


def require_different_members(params: Mapping[str, Any], *, seeds: tuple[int, ...]) -> None:
    """Raise ParameterUnknown where several seeds would give the same trees."""
    if len(seeds) < 2:
        return
    sources = list(_random(params))
    fixed = {canonical(name): f"{name} = {value!r}" for name, value in params.items()}
    if any(seed not in fixed for seed in sources):
        return
    same = f"{len(seeds)} `seeds` would give {len(seeds)} times the same trees:"
    if sources:
        told = ", ".join(dict.fromkeys(fixed[seed] for seed in sources))
        names = ", ".join(dict.fromkeys(fixed[seed].partition(" ")[0] for seed in sources))
        raise ParameterUnknown(
            f"{same} {told} fixes what they are to vary",
            hint=f"leave {names} out of params, or name one seed",
        )
    without = [f"{name} = {value!r}" for name, value in without_frequency(params)]
    told = f"{', '.join(without)} has no effect without subsample_freq" if without else ""
    raise ParameterUnknown(
        f"{same} {told or 'nothing in params is random'}",
        hint="add `subsample_freq = 1` to params"
        if without
        else "name one seed, or add something random, such as colsample_bytree = 0.1",
    )


def _random(params: Mapping[str, Any]) -> Iterator[str]:
    """The seed of each thing that makes trees random, by LightGBM's own name.

    A model's seed decides all of those that params do not fix.
    """
    boosting = str(value_of(params, "boosting", "gbdt"))
    if value_of(params, "extra_trees", False):
        yield "extra_seed"
    quantized = value_of(params, "use_quantized_grad", False)
    if quantized and value_of(params, "stochastic_rounding", True):
        yield "seed"
    fractions = ("feature_fraction", "feature_fraction_bynode")
    if any(float(value_of(params, name, 1.0)) < 1 for name in fractions):
        yield "feature_fraction_seed"
    if boosting == "dart" and float(value_of(params, "drop_rate", 0.1)) > 0:
        yield "drop_seed"
    strategy = str(value_of(params, "data_sample_strategy", "bagging"))
    sampled = float(value_of(params, "bagging_fraction", 1.0)) < 1
    drawn = sampled and int(value_of(params, "bagging_freq", 0)) > 0
    if "goss" in (boosting, strategy) or drawn:
        yield "bagging_seed"
