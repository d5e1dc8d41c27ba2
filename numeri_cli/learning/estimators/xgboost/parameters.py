"""XGBoost's parameters: one spelling each, our defaults, what would have no effect or another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from numeri_cli.errors import ParameterUnknown, did_you_mean
from numeri_cli.learning.estimators.bounds import MOST_THREADS, named_once
from numeri_cli.learning.estimators.xgboost.library import refusal_of, warnings_to, xgb
from numeri_cli.progress import SILENT

DEFAULTS: Mapping[str, Any] = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "device": "cpu",
    "verbosity": 0,
}
TREES, PATIENCE = "n_estimators", "early_stopping_rounds"
DEFAULT_TREES, DEFAULT_BINS = 100, 256
ONE_THREAD_CELLS = 4_000_000  # below, a second thread costs more than it gives
# Spellings of one parameter → the one that is kept
_ALIASES = {
    "num_boost_round": TREES,
    "num_round": TREES,
    "eta": "learning_rate",
    "min_split_loss": "gamma",
    "lambda": "reg_lambda",
    "alpha": "reg_alpha",
    "nthread": "n_jobs",
    "seed": "random_state",
}
_UNSUITABLE = {
    "multi:": "predicts several numbers a row",
    "rank:": "takes whole labels, in groups that are queries",
    "survival:": "takes times until an event",
    "binary:hinge": "takes every label above 0 for 1",
}
_WITHOUT_EFFECT = {
    "missing": "absent values are known without it",
    "eval_metric": "the held-out eras are judged by their mean CORR",
    "callbacks": "a profile can hold none",
    "importance_type": "it says nothing of the trees",
    "enable_categorical": "features are numbers here",
    "feature_types": "features are numbers here",
    "process_type": "trees are grown anew",
    "updater": "tree_method chooses it",
    "verbose": "`numeri --verbose` tells of each step",
    "disable_default_eval_metric": "no metric is asked for",
    "multi_strategy": "one number a row is predicted",
}
_BELOW_ONE = ("subsample", "colsample_bytree", "colsample_bylevel", "colsample_bynode")
# They name features, so that only the real columns can judge them.
_OF_COLUMNS = ("monotone_constraints", "interaction_constraints", "feature_weights")


def named(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters under one spelling each. Raises ParameterUnknown where one is there twice."""
    return named_once(given, _ALIASES, library="XGBoost")


def complete(given: Mapping[str, Any], *, seed: int) -> dict[str, Any]:
    """The parameters with our defaults, and the seed unless one is given.

    Raises ParameterUnknown.
    """
    params = {**DEFAULTS, TREES: DEFAULT_TREES, "random_state": seed} | named(given)
    _require_whole(params, TREES, lowest=1, highest=1_000_000, what="number of trees")
    _require_whole(params, "n_jobs", lowest=0, highest=MOST_THREADS, what="number of threads")
    _require_whole(params, PATIENCE, lowest=1, highest=1_000_000, what="number of trees")
    return params


def of_booster(params: Mapping[str, Any], *, cells: int) -> dict[str, Any]:
    """What a booster is made with; one thread for small data, unless given."""
    own = {name: value for name, value in params.items() if name not in (TREES, PATIENCE)}
    if not own.get("n_jobs"):
        own.pop("n_jobs", None)
        if cells < ONE_THREAD_CELLS:
            own["n_jobs"] = 1
    return own


def require_suitable(params: Mapping[str, Any], *, early_stopping: bool) -> None:
    """Raise ParameterUnknown for what would have no effect, or make another model than is meant."""
    for name, reason in _WITHOUT_EFFECT.items():
        if name in params:
            raise ParameterUnknown(
                f"{name} has no effect: {reason}", hint="take it out of the profile"
            )
    objective = str(params["objective"])
    for beginning, reason in _UNSUITABLE.items():
        if objective.startswith(beginning):
            raise ParameterUnknown(
                f"objective = {objective!r} does not suit a target between 0 and 1: it {reason}",
                hint='take "reg:squarederror" or another objective of one number a row',
            )
    if isinstance(params.get("quantile_alpha"), list):
        raise ParameterUnknown(
            "quantile_alpha names several quantiles, and a member predicts one number a row",
            hint="name one",
        )
    if params["tree_method"] not in ("hist", "auto"):
        raise ParameterUnknown(
            f"tree_method = {params['tree_method']!r} needs all rows as floats",
            hint='take "hist", which the rows are read for',
        )
    if params.get("booster", "gbtree") == "gblinear":
        raise ParameterUnknown(
            "booster = 'gblinear' grows no trees",
            hint='take "sklearn.linear_model:Ridge" as the estimator',
        )
    if PATIENCE in params and not early_stopping:
        raise ParameterUnknown(
            f"{PATIENCE} = {params[PATIENCE]!r} has no effect: no eras are held out to stop by",
            hint="add `early_stopping_eras` to the model, such as early_stopping_eras = 20",
        )
    if early_stopping and params.get("booster") == "dart":
        raise ParameterUnknown(
            "booster = 'dart' changes earlier trees, so that no number of them can be judged",
            hint="take out early_stopping_eras, or the booster",
        )


def require_different_members(params: Mapping[str, Any], *, seeds: tuple[int, ...]) -> None:
    """Raise ParameterUnknown where several seeds would give the same trees."""
    if len(seeds) < 2 or params.get("booster") == "dart":
        return
    if not any(_number(params.get(name, 1.0)) < 1 for name in _BELOW_ONE):
        raise ParameterUnknown(
            f"{len(seeds)} `seeds` would give {len(seeds)} times the same trees: nothing in params"
            " is random",
            hint="name one seed, or add something random, such as colsample_bytree = 0.1",
        )


def require_accepted(params: Mapping[str, Any]) -> None:
    """Have the library itself judge names and values on a few rows, before any data is read.

    Raises ParameterUnknown naming what it refuses, and where no GPU is for `device = "cuda"`.
    """
    asked = {name: value for name, value in params.items() if name not in _OF_COLUMNS}
    config = _tried(asked)
    device = str(params["device"])
    if device.partition(":")[0] in ("cuda", "gpu") and "cuda" not in config:
        raise ParameterUnknown(
            f"device = {device!r}: XGBoost finds no GPU on this machine",
            hint="take device out of params, or train where there is one",
        )


def _tried(params: Mapping[str, Any]) -> str:
    """The device as a booster of one tree has it."""
    cells = np.arange(16, dtype=np.float32).reshape(8, 2)
    own = of_booster(params, cells=0) | {"verbosity": 1}
    with warnings_to(SILENT) as said:
        try:
            rows = xgb.QuantileDMatrix(
                cells, label=np.linspace(0.1, 0.9, 8), nthread=1, max_bin=_bins(params)
            )
            booster = xgb.Booster(own, [rows])
            booster.update(rows, 0)
        except (xgb.core.XGBoostError, ValueError, TypeError) as error:
            raise ParameterUnknown(
                f"XGBoost refuses {_culprit(own, rows_error=error)}",
                hint="mend `params` of the model's estimator",
            ) from error
    unused = [text for text in said if "are not used" in text]
    if unused:
        name = unused[0].partition('"')[2].partition('"')[0]
        raise ParameterUnknown(
            f"XGBoost has no parameter {name!r}",
            hint=did_you_mean(name, _known(), otherwise="see XGBoost's list of parameters"),
        )
    return _device_of(booster)


def _bins(params: Mapping[str, Any]) -> int:
    bins = params.get("max_bin", DEFAULT_BINS)
    if not isinstance(bins, int) or isinstance(bins, bool) or not 2 <= bins <= 65_535:
        raise ParameterUnknown(
            f"max_bin = {bins!r} is no number of bins", hint="it has to be from 2 to 65535"
        )
    return bins


def _culprit(params: Mapping[str, Any], *, rows_error: BaseException) -> str:
    """Name and value where the library's words hold a name, else its words."""
    words = refusal_of(rows_error)
    for name, value in params.items():
        if name in words:
            return f"{name} = {value!r}: {words}"
    return words


def _device_of(booster: Any) -> str:
    import json

    config = json.loads(booster.save_config())
    return str(config["learner"]["generic_param"]["device"])


def _known() -> list[str]:
    import inspect

    own = [TREES, PATIENCE, *_ALIASES, *_BELOW_ONE]
    return [*own, *inspect.signature(xgb.XGBModel.__init__).parameters]


def _require_whole(
    params: Mapping[str, Any], name: str, *, lowest: int, highest: int, what: str
) -> None:
    value = params.get(name)
    if name not in params or value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise ParameterUnknown(
            f"{value!r} is no {what}", hint=f"{name} has to be from {lowest:,} to {highest:,}"
        )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 1.0
