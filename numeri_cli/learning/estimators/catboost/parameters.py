"""CatBoost's parameters: one spelling each, our defaults, what would have no effect or another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from numeri_cli.errors import ParameterUnknown, did_you_mean
from numeri_cli.learning.estimators.bounds import MOST_THREADS, named_once
from numeri_cli.learning.estimators.catboost.library import catboost, refusal_of

TREES, PATIENCE, SEED = "iterations", "early_stopping_rounds", "random_seed"
DEFAULT_TREES = 1000  # the library's own
ONE_THREAD_CELLS = 4_000_000  # below, a second thread costs more than it gives
DEFAULTS: Mapping[str, Any] = {"loss_function": "RMSE", TREES: DEFAULT_TREES}
QUIET: Mapping[str, Any] = {"logging_level": "Silent", "allow_writing_files": False}
# Spellings of one parameter → the one that is kept
_ALIASES = {
    "n_estimators": TREES,
    "num_boost_round": TREES,
    "num_trees": TREES,
    "eta": "learning_rate",
    "max_depth": "depth",
    "random_state": SEED,
    "objective": "loss_function",
    "reg_lambda": "l2_leaf_reg",
    "colsample_bylevel": "rsm",
    "max_bin": "border_count",
    "min_child_samples": "min_data_in_leaf",
    "num_leaves": "max_leaves",
    "n_jobs": "thread_count",
    "od_wait": PATIENCE,
}
_OBJECTIVES = (
    "RMSE",
    "MAE",
    "Quantile",
    "LogLinQuantile",
    "Huber",
    "Expectile",
    "LogCosh",
    "Lq",
    "Poisson",
    "Tweedie",
    "MAPE",
    "CrossEntropy",
)
_WITHOUT_EFFECT = {
    **dict.fromkeys(
        ("eval_metric", "custom_metric", "custom_loss", "metric_period"),
        "the held-out eras are judged by their mean CORR",
    ),
    **dict.fromkeys(("use_best_model", "best_model_min_trees"), "the best trees are kept anyway"),
    **dict.fromkeys(("od_type", "od_pval"), "patience is `early_stopping_rounds`"),
    **dict.fromkeys(
        ("verbose", "silent", "verbose_eval", "logging_level"), "`numeri --verbose` tells of steps"
    ),
    **dict.fromkeys(
        ("train_dir", "allow_writing_files", "save_snapshot", "snapshot_file", "snapshot_interval"),
        "no files are written beside the model",
    ),
    **dict.fromkeys(
        ("cat_features", "text_features", "embedding_features", "one_hot_max_size"),
        "features are numbers here",
    ),
    **dict.fromkeys(("class_weights", "scale_pos_weight", "classes_count"), "there are no classes"),
}
_RANDOM_BOOTSTRAPS = ("Bayesian", "Bernoulli", "MVS", "Poisson")


def named(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters under one spelling each. Raises ParameterUnknown where one is there twice."""
    return named_once(given, _ALIASES, library="CatBoost")


def complete(given: Mapping[str, Any], *, seed: int) -> dict[str, Any]:
    """The parameters with our defaults, and the seed unless one is given.

    Raises ParameterUnknown.
    """
    params = {**DEFAULTS, SEED: seed} | named(given)
    _require_whole(params, TREES, lowest=1, highest=1_000_000)
    _require_whole(params, PATIENCE, lowest=1, highest=1_000_000)
    _require_whole(params, "thread_count", lowest=-1, highest=MOST_THREADS)
    return params


def of_booster(params: Mapping[str, Any], *, cells: int) -> dict[str, Any]:
    """What a booster is made with; one thread for small data, unless given."""
    own: dict[str, Any] = {name: value for name, value in params.items() if name != PATIENCE}
    if cells < ONE_THREAD_CELLS:
        own.setdefault("thread_count", 1)
    return {**own, **QUIET}


def require_suitable(params: Mapping[str, Any], *, early_stopping: bool) -> None:
    """Raise ParameterUnknown for what would have no effect, or make another model than is meant."""
    for name, reason in _WITHOUT_EFFECT.items():
        if name in params:
            raise ParameterUnknown(
                f"{name} has no effect: {reason}", hint="take it out of the profile"
            )
    objective = str(params["loss_function"])
    if objective.partition(":")[0] not in _OBJECTIVES:
        raise ParameterUnknown(
            f"loss_function = {objective!r} does not suit a target between 0 and 1, of which one"
            " number a row is predicted",
            hint=did_you_mean(objective, _OBJECTIVES, otherwise=f"take {', '.join(_OBJECTIVES)}"),
        )
    if PATIENCE in params and not early_stopping:
        raise ParameterUnknown(
            f"{PATIENCE} = {params[PATIENCE]!r} has no effect: no eras are held out to stop by",
            hint="add `early_stopping_eras` to the model, such as early_stopping_eras = 20",
        )
    if str(params.get("task_type", "CPU")).upper() == "GPU" and not _gpus():
        raise ParameterUnknown(
            "task_type = 'GPU': CatBoost finds no GPU on this machine",
            hint="take task_type out of params, or train where there is one",
        )


def require_different_members(params: Mapping[str, Any], *, seeds: tuple[int, ...]) -> None:
    """Raise ParameterUnknown where several seeds would give the same trees."""
    if len(seeds) < 2:
        return
    bootstrap = params.get("bootstrap_type", "MVS")
    still = params.get("random_strength", 1) == 0 and params.get("rsm", 1) == 1
    drawn = bootstrap in _RANDOM_BOOTSTRAPS and params.get("subsample", 0.5) != 1
    if bootstrap == "Bayesian":
        drawn = params.get("bagging_temperature", 1) != 0
    if still and not drawn:
        raise ParameterUnknown(
            f"{len(seeds)} `seeds` would give {len(seeds)} times the same trees: nothing in params"
            " is random",
            hint="name one seed, or leave random_strength or the bootstrap as they are",
        )


def require_accepted(params: Mapping[str, Any]) -> None:
    """Have the library itself judge names and values on a few rows, before any data is read.

    Raises ParameterUnknown naming what it refuses.
    """
    cells = np.arange(16, dtype=np.float32).reshape(8, 2)
    own = of_booster(params, cells=0) | {TREES: 1}
    own.pop("monotone_constraints", None)  # they name features
    try:
        pool = catboost.Pool(np.asfortranarray(cells), label=np.linspace(0.1, 0.9, 8))
        catboost.CatBoost(own).fit(pool)
    except (catboost.CatBoostError, ValueError, TypeError) as error:
        words = refusal_of(error)
        if words.startswith("Unknown option {"):
            name = words.partition("{")[2].partition("}")[0]
            raise ParameterUnknown(
                f"CatBoost has no parameter {name!r}",
                hint=did_you_mean(name, _known(), otherwise="see CatBoost's list of parameters"),
            ) from error
        culprit = next((name for name in params if name in words), None)
        told = f"{culprit} = {params[culprit]!r}: {words}" if culprit else words
        raise ParameterUnknown(
            f"CatBoost refuses {told}", hint="mend `params` of the model's estimator"
        ) from error


def _gpus() -> int:
    from catboost.utils import get_gpu_device_count

    return int(get_gpu_device_count())


def _known() -> list[str]:
    import inspect

    return [*_ALIASES, *inspect.signature(catboost.CatBoostRegressor.__init__).parameters]


def _require_whole(params: Mapping[str, Any], name: str, *, lowest: int, highest: int) -> None:
    value = params.get(name, 1)
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise ParameterUnknown(
            f"{name} = {value!r} is no whole number from {lowest:,} to {highest:,}",
            hint="mend `params` of the model's estimator",
        )
