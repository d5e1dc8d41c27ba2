"""LightGBM's parameters: their names, our defaults, what the library says against them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from numeri_cli.booster_text import MOST_TREES
from numeri_cli.errors import ParameterUnknown, did_you_mean
from numeri_cli.learning.estimators.bounds import require_bounded
from numeri_cli.learning.estimators.lightgbm.library import (
    lgb,
    refusal_of,
    warnings_to,
    without_fatal_lines,
)
from numeri_cli.progress import SILENT

DEFAULTS: Mapping[str, Any] = {
    "objective": "regression",
    "force_col_wise": True,
    "deterministic": True,
    "bin_construct_sample_cnt": 20_000,
    "verbosity": -1,
}
DEFAULT_TREES = 100
ONE_THREAD_CELLS = 4_000_000  # below, a second thread costs more than it gives
# Objectives whose raw scores are what `predict` gives, so that a later segment can start from them.
SEGMENT_OBJECTIVES = frozenset(
    {"regression", "regression_l1", "huber", "fair", "quantile", "mape"}
    | {"regression_l2", "l2", "mean_squared_error", "mse", "l2_root", "root_mean_squared_error"}
    | {"rmse", "l1", "mean_absolute_error", "mae", "mean_absolute_percentage_error"}
)


# by LightGBM's own names; num_threads has a message of its own, num_leaves is judged by memory
_MOST = {
    "num_iterations": MOST_TREES,
    "max_bin": 65_535,  # with more a bin takes four bytes
    "num_machines": 1,  # with more it waits for the others for two hours
}
_OF_BOOSTERS = ("objective", "num_class", "device_type")


def canonical(name: str) -> str | None:
    """LightGBM's own name of a parameter or alias; None where it knows no such name."""
    return _aliases().get(name)


def lightgbm_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """The given parameters unchanged, with our defaults where none is given under any alias.

    Raises ParameterUnknown for a name LightGBM does not know, with the nearest it does; for two
    names of one parameter.
    """
    known = _aliases()
    first: dict[str, str] = {}
    for name in given:
        if name not in known:
            raise ParameterUnknown(
                f"LightGBM has no parameter {name!r}",
                hint=did_you_mean(name, known, otherwise="see LightGBM's list of parameters"),
            )
        other = first.setdefault(known[name], name)
        if other != name:
            raise ParameterUnknown(
                f"{other} and {name} are two names of one parameter of LightGBM",
                hint="keep one of them in params",
            )
    taken = {known[name] for name in given}
    defaults = {name: value for name, value in DEFAULTS.items() if name not in taken}
    if "force_row_wise" in taken:
        defaults.pop("force_col_wise", None)
    return defaults | dict(given)


def value_of(params: Mapping[str, Any], name: str, default: Any) -> Any:
    """A parameter's value under whichever alias it was given; `name` is LightGBM's own."""
    for given, value in params.items():
        if canonical(given) == name:
            return value
    return default


def without(params: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The parameters but for these, under any alias; `names` are LightGBM's own."""
    return {given: value for given, value in params.items() if canonical(given) not in names}


def derived_seed(seed: int, segment: int) -> int:
    """The seed of a segment: of the first the seed itself, so that one alone is plain LightGBM."""
    if segment == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}:{segment}".encode()).digest()[:4], "big") >> 1


def segment_parameters(params: Mapping[str, Any], segment: int) -> dict[str, Any]:
    """The parameters of one segment: each seed in them derived for it."""
    return {
        name: derived_seed(int(value), segment)
        if canonical(name) == "seed" or (canonical(name) or "").endswith("_seed")
        else value
        for name, value in params.items()
    }


def threaded(params: Mapping[str, Any], cells: int) -> dict[str, Any]:
    """The parameters with one thread for small data, unless given; the trees are the same."""
    if value_of(params, "num_threads", None) is None and cells < ONE_THREAD_CELLS:
        return dict(params) | {"num_threads": 1}
    return dict(params)


def allows_segments(params: Mapping[str, Any]) -> bool:
    """Whether training can be cut into segments: raw scores are predictions, trees stay as made."""
    return (
        value_of(params, "objective", "regression") in SEGMENT_OBJECTIVES
        and value_of(params, "boosting", "gbdt") in ("gbdt", "gbrt")
        and not value_of(params, "reg_sqrt", False)
        and value_of(params, "data_sample_strategy", "bagging") == "bagging"
    )


def require_possible(params: Mapping[str, Any]) -> None:
    """Raise ParameterUnknown for numbers that would end, stall or silently change a training."""
    require_bounded(params, most=_MOST, names=_aliases())


def require_accepted(params: Mapping[str, Any]) -> None:
    """Have the library itself judge the values, before any data is read.

    Raises ParameterUnknown naming the one it refuses.
    """
    words = _refusal(params)
    if words is None:
        return
    for name, value in params.items():
        alone = _refusal({name: value})
        if alone is not None:
            words = f"{name} = {value!r}" + ("" if "Unknown token" in alone else f": {alone}")
            break
    raise ParameterUnknown(
        f"LightGBM refuses {words[:300].rstrip('.')}",
        hint="mend `params` of the model's estimator",
    )


def _refusal(params: Mapping[str, Any]) -> str | None:
    """What the library says against these parameters; None where it takes them."""
    try:
        text = lgb.basic._param_dict_to_str(dict(params))
    except TypeError:
        return "is neither a number nor words nor a list of them"
    named = {canonical(name) or name: value for name, value in params.items()}
    library = lgb.basic._LIB  # type: ignore[attr-defined]  # it has no public name
    try:
        with warnings_to(SILENT), without_fatal_lines():
            # The one call that reads every parameter and no data.
            lgb.basic._safe_call(
                library.LGBM_DatasetUpdateParamChecking(lgb.basic._c_str(text), b"")
            )
            # Whether there is such an objective or device shows only when a booster is made.
            made = {name: named[name] for name in _OF_BOOSTERS if name in named}
            if made:
                rows = lgb.Dataset(np.zeros((2, 1)), label=np.ones(2), params={"verbosity": -1})
                lgb.Booster(params=made | {"verbosity": -1, "num_threads": 1}, train_set=rows)
    except lgb.basic.LightGBMError as error:
        return refusal_of(error)
    return None


@cache
def _aliases() -> dict[str, str]:
    """Every name and alias → LightGBM's own name, as the library itself lists them."""
    listed = lgb.basic._ConfigAliases._get_all_param_aliases()
    return {alias: name for name, aliases in listed.items() for alias in [name, *aliases]}
