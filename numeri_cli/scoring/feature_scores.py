"""What the features have to do with a prediction: FNC, exposures, and what neutralizing changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numeri_cli.scoring.neutral import MISSING_FEATURE, neutralize
from numeri_cli.scoring.ranks import FloatArray, NumberArray, gaussianize
from numeri_cli.scoring.scores import as_columns, corr_of_neutral, exposures, same_rows

PROPORTIONS = tuple(step / 10 for step in range(11))
_HALF = 0.5


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureScores:
    """FNC and exposures of the predictions of one era.

    fnc: (n_predictions,)
    curve: (n_predictions, len(PROPORTIONS)) CORR after neutralization by so much
    exposures, halved: (n_predictions, n_features) correlations with each feature, as it is and
    after neutralization by half
    """

    fnc: FloatArray
    curve: FloatArray
    exposures: FloatArray
    halved: FloatArray


def feature_scores(
    predictions: NumberArray,
    features: NumberArray,
    *,
    target: NumberArray,
    missing_feature: float | None = MISSING_FEATURE,
) -> FeatureScores:
    """FNC and exposures, with one factorization of the features per set of ids.

    predictions: (n_ids, n_predictions) or (n_ids,), NaN where an id has none
    features: (n_ids, n_features); target: (n_ids,)
    """
    columns = as_columns(predictions)
    width = columns.shape[1]
    halves = np.full(columns.shape, np.nan)
    fnc = np.full(width, np.nan)
    curve = np.full((width, len(PROPORTIONS)), np.nan)
    for group, present in same_rows(columns):
        rows = features if present.all() else features[present]
        gaussian = gaussianize(columns[present][:, group])
        neutral = neutralize(gaussian, rows, missing_feature=missing_feature)
        halves[np.ix_(np.flatnonzero(present), np.array(group))] = neutral + _HALF * (
            gaussian - neutral
        )
        for position, index in enumerate(group):
            fit = gaussian[:, position] - neutral[:, position]
            for place, proportion in enumerate(PROPORTIONS):
                left = gaussian[:, position] - proportion * fit
                curve[index, place] = corr_of_neutral(left, present, target=target)
            fnc[index] = corr_of_neutral(neutral[:, position], present, target=target)
    both = exposures(
        np.concatenate([columns, halves], axis=1), features, missing_feature=missing_feature
    )
    return FeatureScores(fnc=fnc, curve=curve, exposures=both[:width], halved=both[width:])
