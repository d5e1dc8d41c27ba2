"""Neutralization: what is left of a prediction without its linear part in the features."""

from __future__ import annotations

import numpy as np

from numeri_cli.errors import FileForeign
from numeri_cli.scoring.least_squares import residual_of
from numeri_cli.scoring.ranks import FloatArray, NumberArray

MISSING_FEATURE = None  # a missing value counts as the middle of the data's own scale
_BINS = 4.0  # of today's files: 0 to 4; their own word for "not available" is the middle one


def neutralize(
    predictions: NumberArray,
    features: NumberArray,
    *,
    proportion: float = 1.0,
    missing_feature: float | None = MISSING_FEATURE,
) -> FloatArray:
    """p − proportion · (least squares fit of p on the features and a constant).

    predictions: (n_ids,) or (n_ids, n_predictions), no NaN, any scale; several cost little more
    than one
    features: (n_ids, n_features), integers or floats; NaN is taken for `missing_feature`, for the
    middle of their own scale where that is None
    returns: the predictions' shape; a constant prediction becomes NaN
    errors: ValueError where the lengths differ or a prediction is NaN
    source: numerai-tools 0.7.2, scoring.neutralize (least squares with rcond 1e-6)
    """
    columns = np.array(predictions, dtype=np.float64, order="C", ndmin=2)
    if np.ndim(predictions) == 1:
        columns = columns.T
    if len(columns) != len(features):
        raise ValueError(f"{len(columns)} predictions, but features of {len(features)} ids")
    if np.isnan(columns).any():
        raise ValueError("a prediction is NaN")
    varies = columns.min(axis=0) != columns.max(axis=0) if len(columns) else np.zeros(0, bool)
    neutral = np.full(columns.shape, np.nan)
    if varies.any():
        moving = np.ascontiguousarray(columns[:, varies])
        residual = residual_of(moving, filled(features, missing_feature))
        neutral[:, varies] = moving - proportion * (moving - residual)
    return neutral if np.ndim(predictions) == 2 else neutral[:, 0]


def filled(features: NumberArray, value: float | None) -> NumberArray:
    """The features with `value` for every NaN; the same array where there is none.

    value: None for the middle of the features' own scale
    errors: FileForeign for an infinite one
    """
    if features.dtype.kind != "f":
        return features
    if np.isinf(features).any():  # least squares would look for ever
        raise FileForeign(
            "a feature holds an infinite number, which no file of the tournament has",
            hint="download the data again",
        )
    missing = np.isnan(features)
    if not missing.any():
        return features
    chosen = middle(features) if value is None else value
    return np.where(missing, features.dtype.type(chosen), features)


def middle(features: NumberArray) -> float:
    """The middle of the scale that features are on, by the values that are known.

    2 for bins from 0 to 4, 0.5 for anything between 0 and 1, such as quarters; else the middle of
    the least and the greatest value; 0 where none is known
    """
    known = features[~np.isnan(features)] if features.dtype.kind == "f" else features
    if not known.size:
        return 0.0
    least, most = float(known.min()), float(known.max())
    if least >= 0 and most <= 1:
        return 0.5
    if least >= 0 and most <= _BINS and not (known % 1).any():
        return _BINS / 2
    return (least + most) / 2
