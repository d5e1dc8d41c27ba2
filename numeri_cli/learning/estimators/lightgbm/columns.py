"""LightGBM parameters that point at columns: they mean the plan's features, or they are refused.

The rows are binned in blocks of 64 columns. What counts columns would count them anew in each
block, so that such parameters are brought to the whole plan first, by number or by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from numeri_cli.errors import ParameterUnknown, did_you_mean
from numeri_cli.learning.estimators.lightgbm.parameters import canonical

# One value for each feature, and what a feature has that a table of names leaves out
PER_FEATURE: Mapping[str, float] = {
    "monotone_constraints": 0,
    "feature_contri": 1.0,
    "cegb_penalty_feature_lazy": 0.0,
    "cegb_penalty_feature_coupled": 0.0,
}
_GROUPS = "interaction_constraints"
# What acts on blocks of columns while they are binned, and what to do instead
_REFUSED = {
    "categorical_feature": "features are numbers here; a class of your own can take them otherwise",
    "ignore_column": "take features away in `features` of the model, such as features ="
    ' ["medium", "-feature_name"]',
    "max_bin_by_feature": "max_bin holds for all features",
    "forcedbins_filename": "max_bin holds for all features",
    "forcedsplits_filename": "interaction_constraints or monotone_constraints can steer the trees",
}
_PLAIN = re.compile(r"[A-Za-z0-9_.+-]+")


def library_names(features: Sequence[str]) -> tuple[str, ...]:
    """What the features are called inside LightGBM, in their order.

    The library refuses some characters and rewrites others. Where any name has one, all are called
    by their place.
    """
    if all(map(_PLAIN.fullmatch, features)):
        return tuple(features)
    return tuple(f"column_{place}" for place in range(len(features)))


def refuse_block_parameters(params: Mapping[str, Any]) -> None:
    """Raise ParameterUnknown for what can only be counted within a block of columns."""
    for name, value in params.items():
        cure = _REFUSED.get(canonical(name) or "")
        if cure is not None and value not in (None, "", [], ()):
            raise ParameterUnknown(
                f"{name} = {value!r} cannot be used: columns are binned in blocks, in which it"
                " would point at others",
                hint=f"take it out of params; {cure}",
            )


def pointing_at_columns(params: Mapping[str, Any]) -> dict[str, Any]:
    """Those parameters that name features, which only a plan can judge."""
    own = (*PER_FEATURE, _GROUPS)
    return {name: value for name, value in params.items() if canonical(name) in own}


def without_columns(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters but for those that name features."""
    pointing = pointing_at_columns(params)
    return {name: value for name, value in params.items() if name not in pointing}


def of_plan(params: Mapping[str, Any], features: Sequence[str]) -> dict[str, Any]:
    """The parameters with everything that points at columns as numbers of the plan's features.

    Raises ParameterUnknown for another number of values, and for a feature that is not there.
    """
    return {name: _resolved(name, value, features) for name, value in params.items()}


def _resolved(name: str, value: Any, features: Sequence[str]) -> Any:
    own = canonical(name) or ""
    if own == _GROUPS:
        return _groups(name, value, features)
    if own not in PER_FEATURE:
        return value
    if isinstance(value, Mapping):
        places = {_place(name, key, features): one for key, one in value.items()}
        return [places.get(place, PER_FEATURE[own]) for place in range(len(features))]
    values = [part for part in value.split(",") if part] if isinstance(value, str) else value
    if not isinstance(values, Sequence) or len(values) != len(features):
        count = len(values) if isinstance(values, Sequence) else 1
        raise ParameterUnknown(
            f"LightGBM refuses {name} with {count} values: the model has {len(features)} features,"
            f" which can be named in its place, as in {{ {features[0]} = … }}",
            hint="mend `params` of the model's estimator",
        )
    return list(values)


def _groups(name: str, value: Any, features: Sequence[str]) -> list[list[int]]:
    groups = value
    if isinstance(value, str):
        try:
            groups = json.loads(f"[{value}]")
        except ValueError:
            groups = None
    if not isinstance(groups, Sequence) or not all(
        isinstance(one, Sequence) and not isinstance(one, str) for one in groups
    ):
        raise ParameterUnknown(
            f"{name} = {value!r} is no list of lists of features",
            hint=f'write such as {name} = [["{features[0]}"], ["…", "…"]]',
        )
    return [[_place(name, one, features) for one in group] for group in groups]


def _place(name: str, key: object, features: Sequence[str]) -> int:
    """The number of a feature that is given by its name or its number."""
    if isinstance(key, int) and not isinstance(key, bool) and 0 <= key < len(features):
        return key
    if key in features:
        return features.index(str(key))
    raise ParameterUnknown(
        f"{name} names {key!r}, and the model has no such feature",
        hint=did_you_mean(
            str(key), features, otherwise=f"its features are numbered 0 to {len(features) - 1}"
        ),
    )
