"""The scores of one era.

A NaN, in a prediction, a target or a meta model, is an id that is not there. As in numerai-tools
the score rests on the ids that have everything it needs; where more than a fifth of the rows
would be lost (numerai-tools raises), or where a side does not vary, the score is NaN. Several
prediction columns are scored each for itself. Everything is in the same order of ids.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from numeri_cli.scoring.neutral import MISSING_FEATURE, filled, middle, neutralize
from numeri_cli.scoring.ranks import (
    FloatArray,
    NumberArray,
    gaussianize,
    known,
    power,
    rank_average,
)

MOST_LOST = 0.2  # of the rows, in joining ids
_SMALLEST_RESIDUAL = 1e-10  # of a gaussianized prediction, whose scale is 1; below is rounding
SMALLEST_AGREEMENT = 0.9  # what numerai-tools demands of the power transform
_FEATURES_PER_BLOCK = 256
_NO_SPREAD = 1e-14  # a std of this share of the mean is the rounding of a constant feature


def corr(
    prediction: NumberArray,
    target: NumberArray,
    *,
    target_power: float = 1.5,
    top_bottom: int | None = None,
) -> float:
    """Numerai CORR: what the tournament pays on.

    prediction: (n_ids,), any scale, only ranks matter
    target: (n_ids,), centred here over all ids that have one
    target_power: 1 for a target that is not made of bins, such as returns
    top_bottom: score only so many highest and lowest predictions (200: TB200); equal predictions
    at the edge are taken in the order given, where numerai-tools sorts by id
    returns: in [-1, 1], or NaN
    source: numerai-tools 0.7.2, scoring.numerai_corr
    """
    present = _present(prediction, target)
    if present is None:
        return float("nan")
    return corr_gaussian(
        gaussianize(prediction[present]),
        centred(target)[present],
        target_power=target_power,
        top_bottom=top_bottom,
    )


def corr_gaussian(
    gaussian: FloatArray,
    target: FloatArray,
    *,
    target_power: float = 1.5,
    top_bottom: int | None = None,
) -> float:
    """CORR of a prediction that is already gaussianized with a target that is already centred."""
    raised = power(gaussian)
    aim = target if target_power == 1 else power(target, target_power)
    if _spoiled(raised, gaussian) or (target_power != 1 and _spoiled(aim, target)):
        return float("nan")
    if top_bottom is not None:
        if len(raised) < 2 * top_bottom:
            return float("nan")
        extremes = _extremes(raised, top_bottom)
        raised, aim = raised[extremes], aim[extremes]
    return pearson(raised, aim)


def contribution(
    predictions: NumberArray,
    meta_model: NumberArray,
    *,
    target: NumberArray,
    top_bottom: int | None = None,
) -> FloatArray:
    """MMC, or BMC where the other model is a benchmark.

    predictions: (n_ids, n_predictions) or (n_ids,)
    meta_model: (n_ids,), any scale
    target: (n_ids,); taken times 4 where it lies in [0, 1], centred after ids were joined
    top_bottom: count only so many highest and lowest of what is left of the prediction
    returns: (n_predictions,); a constant prediction contributes 0; NaN for a constant meta model
    source: numerai-tools 0.7.2, scoring.correlation_contribution
    """
    columns = as_columns(predictions)
    scores = np.full(columns.shape[1], np.nan)
    for index in range(columns.shape[1]):
        column = columns[:, index]
        present = _present(column, meta_model, target)
        if present is not None:
            scores[index] = contribution_gaussian(
                gaussianize(column[present]),
                gaussianize(meta_model[present]),
                target=target[present],
                top_bottom=top_bottom,
            )
    return scores


def contribution_gaussian(
    prediction: FloatArray,
    meta_model: FloatArray,
    *,
    target: NumberArray,
    top_bottom: int | None = None,
) -> float:
    """Contribution of a gaussianized prediction to a gaussianized model, all (n_ids,), no NaN."""
    square = float(meta_model @ meta_model)
    if square == 0:
        return float("nan")
    neutral = prediction - meta_model * (float(prediction @ meta_model) / square)
    aim = centred(target * 4.0 if target.min() >= 0 and target.max() <= 1 else target)
    if top_bottom is None:
        return float(aim @ neutral) / len(aim)
    if len(neutral) < 2 * top_bottom:
        return float("nan")
    extremes = _extremes(neutral, top_bottom)
    return float(aim[extremes] @ neutral[extremes]) / (2 * top_bottom)


def fnc(
    predictions: NumberArray,
    features: NumberArray,
    *,
    target: NumberArray,
    missing_feature: float | None = MISSING_FEATURE,
) -> FloatArray:
    """CORR of what is left of each gaussianized prediction when the features are taken out.

    predictions: (n_ids, n_predictions) or (n_ids,)
    features: (n_ids, n_features); NaN is taken for `missing_feature`, for the middle of
    their own scale where that is None
    returns: (n_predictions,); NaN where the features explain the prediction to the last digit
    source: numerai-tools 0.7.2, scoring.feature_neutral_corr, on the ids that have a prediction
    """
    columns = as_columns(predictions)
    scores = np.full(columns.shape[1], np.nan)
    for group, present in same_rows(columns):
        gaussian = gaussianize(columns[present][:, group])
        neutral = neutralize(gaussian, features[present], missing_feature=missing_feature)
        for position, index in enumerate(group):
            scores[index] = corr_of_neutral(neutral[:, position], present, target=target)
    return scores


def corr_of_neutral(
    neutral: FloatArray, present: npt.NDArray[np.bool_], *, target: NumberArray
) -> float:
    """CORR of what is left of a gaussianized prediction, (n_present,), over all rows' target.

    NaN where no more is left than rounding, since ranks of that say nothing.
    """
    if not np.abs(neutral).max(initial=0.0) > _SMALLEST_RESIDUAL:  # NaN fails this, too
        return float("nan")
    spread = np.full(len(present), np.nan)
    spread[present] = neutral
    return corr(spread, target)


def correlation_with(prediction: NumberArray, meta_model: NumberArray) -> float:
    """CWMM: Pearson of the gaussianized, powered prediction with the meta model as it is.

    source: numerai-tools 0.7.2, scoring.numerai_corr with target_pow15=False
    """
    return corr(prediction, meta_model, target_power=1)


def exposures(
    predictions: NumberArray,
    features: NumberArray,
    *,
    missing_feature: float | None = MISSING_FEATURE,
) -> FloatArray:
    """Pearson correlation of each prediction, as it is, with each feature.

    predictions: (n_ids, n_predictions) or (n_ids,)
    features: (n_ids, n_features); NaN is taken for `missing_feature`, for the middle of
    their own scale where that is None
    returns: (n_predictions, n_features), NaN where either is constant
    source: numerai-tools 0.7.2, scoring.max_feature_correlation takes the largest magnitude
    """
    columns = as_columns(predictions)
    is_whole = features.dtype.kind != "f"  # then nothing is missing
    value = middle(features) if missing_feature is None and not is_whole else missing_feature
    result = np.full((columns.shape[1], features.shape[1]), np.nan)
    for group, present in same_rows(columns):
        chosen = columns[present][:, group].astype(np.float64)
        if len(chosen) < 2:
            continue
        chosen[:, chosen.min(axis=0) == chosen.max(axis=0)] = np.nan
        chosen -= chosen.mean(axis=0)
        chosen /= np.sqrt((chosen**2).sum(axis=0))
        rows = features if present.all() else features[present]
        for start in range(0, features.shape[1], _FEATURES_PER_BLOCK):
            span = slice(start, start + _FEATURES_PER_BLOCK)
            result[group, span] = _loadings(chosen, filled(rows[:, span], value))
    return result


def _loadings(unit: FloatArray, features: NumberArray) -> FloatArray:
    """Correlation of centred columns of norm 1, (n, k), with features, (n, f): (k, f)."""
    block = features.astype(np.float64)
    mean = block.mean(axis=0)
    block -= mean
    norms = np.sqrt(np.einsum("nf,nf->f", block, block))
    norms[norms <= _NO_SPREAD * np.sqrt(len(block)) * np.abs(mean)] = np.nan
    norms[norms == 0] = np.nan
    return np.asarray(np.clip((unit.T @ block) / norms, -1, 1), dtype=np.float64)


def churn(previous: NumberArray, current: NumberArray, *, top_bottom: int | None = None) -> float:
    """1 − rank correlation of one universe's predictions at two dates.

    previous, current: (n_ids,) over the union of ids, NaN where an id has no prediction
    top_bottom: instead the mean share of the highest and lowest so many that were replaced
    returns: in [0, 2]; without top_bottom NaN where more than a fifth of either side is lost, or a
    side is constant or infinite somewhere
    source: numerai-tools 0.7.2, signals.churn
    """
    here, there = known(previous), known(current)
    if top_bottom is not None:
        before = _lowest_and_highest(previous, here, count=top_bottom)
        after = _lowest_and_highest(current, there, count=top_bottom)
        kept = [len(set(old) & set(new)) for old, new in zip(before, after, strict=True)]
        return 1 - sum(kept) / (2 * top_bottom)
    both = here & there
    if both.sum() == 0 or both.sum() < (1 - MOST_LOST) * max(here.sum(), there.sum()):
        return float("nan")
    if np.isinf(previous[both]).any() or np.isinf(current[both]).any():
        return float("nan")
    return 1 - pearson(rank_average(previous[both]), rank_average(current[both]))


def pearson(first: FloatArray, second: FloatArray) -> float:
    """Pearson correlation of two (n,) without NaN; NaN where either is constant or n < 2."""
    if len(first) < 2 or first.min() == first.max() or second.min() == second.max():
        return float("nan")
    a, b = first - first.mean(), second - second.mean()
    return float(np.clip((a @ b) / np.sqrt((a @ a) * (b @ b)), -1, 1))


def centred(values: NumberArray) -> FloatArray:
    """The values without their mean, which skips NaN."""
    there = values[known(values)]
    mean = there.mean(dtype=np.float64) if len(there) else 0.0
    return np.asarray(values, dtype=np.float64) - mean


def as_columns(predictions: NumberArray) -> NumberArray:
    """(n,) as (n, 1); (n, k) as it is."""
    return predictions[:, None] if predictions.ndim == 1 else predictions


def same_rows(columns: NumberArray) -> list[tuple[list[int], npt.NDArray[np.bool_]]]:
    """Columns that have a value on the same rows, together, so that they share the work."""
    groups: dict[bytes, tuple[list[int], npt.NDArray[np.bool_]]] = {}
    for index in range(columns.shape[1]):
        present = known(columns[:, index])
        groups.setdefault(present.tobytes(), ([], present))[0].append(index)
    return list(groups.values())


def enough(present: npt.NDArray[np.bool_]) -> bool:
    """Whether there are rows at all, and no more than a fifth of them is lost."""
    count = int(np.count_nonzero(present))
    return count > 0 and count / len(present) >= 1 - MOST_LOST


def _present(*sides: NumberArray) -> npt.NDArray[np.bool_] | None:
    """Rows that have everything; None where more than a fifth would be lost, or nothing is left."""
    present = known(sides[0])
    for side in sides[1:]:
        present &= known(side)
    return present if enough(present) else None


def _spoiled(raised: FloatArray, plain: FloatArray) -> bool:
    """Whether the power transform changed a column beyond what numerai-tools lets pass."""
    if not len(raised) or raised.min() == raised.max():
        return False  # it says NaN by itself
    return not pearson(raised, plain) >= SMALLEST_AGREEMENT


def _extremes(values: FloatArray, count: int) -> npt.NDArray[np.intp]:
    order = np.argsort(values, kind="stable")
    return np.concatenate([order[:count], order[-count:]])


def _lowest_and_highest(
    values: NumberArray, present: npt.NDArray[np.bool_], *, count: int
) -> tuple[list[int], list[int]]:
    order = np.argsort(values, kind="stable")[: np.count_nonzero(present)]  # NaN comes last
    return order[:count].tolist(), order[-count:].tolist()
