"""From the members of a model to one prediction of an era."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from numeri_cli.errors import PredictionsValues
from numeri_cli.scoring.neutral import MISSING_FEATURE, neutralize
from numeri_cli.scoring.ranks import FloatArray, NumberArray, gaussianize, rank_uniform


def combine(
    predictions: NumberArray,
    features: NumberArray | None,
    *,
    proportion: float,
    missing_feature: float | None = MISSING_FEATURE,
) -> FloatArray:
    """Gaussianize each booster, take the equal mean, neutralize that, rank it into (0, 1).

    predictions: (n_ids, n_members) or (n_ids,), raw, of one era, no NaN
    features: (n_ids, n_features) to neutralize against; None, or proportion 0, leaves that out
    returns: (n_ids,), strictly inside (0, 1), mean 0.5; all 0.5 where every booster is constant
    errors: PredictionsValues where a prediction is NaN
    """
    steps = [] if features is None else [(features, proportion)]
    return combine_in_steps(predictions, steps, missing_feature=missing_feature)


def combine_in_steps(
    predictions: NumberArray,
    steps: Sequence[tuple[NumberArray, float]],
    *,
    weights: NumberArray | None = None,
    missing_feature: float | None = MISSING_FEATURE,
) -> FloatArray:
    """Gaussianize each column, take the mean, neutralize that step by step, rank it into (0, 1).

    predictions: (n_ids, n_members) or (n_ids,), of one era, no NaN
    steps: (n_ids, n_columns) and the proportion of their fit that is taken out of what is left
    weights: (n_members,) of the mean; all the same where None
    returns: (n_ids,), strictly inside (0, 1), mean 0.5; all 0.5 where every column is constant
    errors: PredictionsValues where a prediction is NaN
    """
    columns = np.asarray(predictions)
    missing = int(np.isnan(columns).sum())
    if missing:
        raise PredictionsValues(
            f"the model gave {missing:,} predictions that are no number",
            hint="look at the estimator and its training data",
        )
    mean = gaussianize(columns)
    if mean.ndim == 2:
        mean = mean.mean(axis=1) if weights is None else mean @ (weights / np.sum(weights))
    for features, proportion in steps:
        if proportion and mean.size and mean.min() != mean.max():
            mean = neutralize(
                mean, features, proportion=proportion, missing_feature=missing_feature
            )
    return rank_uniform(mean)
