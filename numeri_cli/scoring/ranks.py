"""Rank, gaussianize, power: what every score does to a prediction first.

Arrays are (n_ids,) or (n_ids, n_columns), each column for itself. A NaN stays NaN and does not
count, as in pandas. Infinities are ordinary values: only their rank matters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

FloatArray = npt.NDArray[np.float64]
NumberArray = npt.NDArray[Any]


def rank_average(values: NumberArray) -> FloatArray:
    """Ranks from 1 to n, smallest first; tied values share their mean rank.

    values: (n,) or (n, k), any numeric type
    """
    return _per_column(values, _ranks)


def rank_uniform(values: NumberArray) -> FloatArray:
    """(rank − 0.5) / n: strictly inside (0, 1), mean 0.5, ties kept.

    source: numerai-tools 0.7.2, scoring.tie_kept_rank
    """
    return _per_column(values, _uniform)


def gaussianize(values: NumberArray) -> FloatArray:
    """Standard normal quantiles of the ranks, ties kept; a constant column becomes 0.

    source: numerai-tools 0.7.2, scoring.gaussian of scoring.tie_kept_rank
    """
    return _per_column(values, _gaussian)


def power(values: NumberArray, exponent: float = 1.5) -> FloatArray:
    """sign(x)·|x|^exponent.

    source: numerai-tools 0.7.2, scoring.power (without its assertion)
    """
    magnitude = np.abs(np.asarray(values, dtype=np.float64))
    if exponent == 1.5:
        raised = magnitude * np.sqrt(magnitude)  # four times as fast as the general power
    else:
        raised = magnitude**exponent
    return np.asarray(np.copysign(raised, values), dtype=np.float64)


def known(values: NumberArray) -> npt.NDArray[np.bool_]:
    """Where there is a value and not NaN."""
    return np.asarray(~np.isnan(values))


def _per_column(values: NumberArray, rule: Callable[[NumberArray], FloatArray]) -> FloatArray:
    values = np.asarray(values)
    if values.ndim == 1:
        return np.asarray(rule(values), dtype=np.float64)
    result = np.empty(values.shape, dtype=np.float64, order="F")
    for column in range(values.shape[1]):
        result[:, column] = rule(np.ascontiguousarray(values[:, column]))
    return result


def _ranks(values: NumberArray) -> FloatArray:
    order, mean_ranks, counts = _sorted_ranks(values)
    ranks = np.full(len(values), np.nan)
    ranks[order] = mean_ranks if counts is None else np.repeat(mean_ranks, counts)
    return ranks


def _uniform(values: NumberArray) -> FloatArray:
    ranks = _ranks(values)
    return (ranks - 0.5) / np.count_nonzero(known(ranks))


def _gaussian(values: NumberArray) -> FloatArray:
    order, mean_ranks, counts = _sorted_ranks(values)
    gaussian = np.full(len(values), np.nan)
    if counts is None:
        gaussian[order] = _quantiles(len(order))
    else:
        gaussian[order] = np.repeat(ndtri((mean_ranks - 0.5) / len(order)), counts)
    return gaussian


def _sorted_ranks(
    values: NumberArray,
) -> tuple[npt.NDArray[np.intp], FloatArray, npt.NDArray[np.intp] | None]:
    """Positions in rising order without NaN, the mean rank of each group of ties, its size.

    The sizes are None where nothing is tied.
    """
    order = np.argsort(values)
    ordered = values[order]
    if ordered.dtype.kind == "f" and ordered.size and np.isnan(ordered[-1]):
        order = order[: np.count_nonzero(known(ordered))]
        ordered = ordered[: len(order)]
    differs = ordered[1:] != ordered[:-1]
    if differs.all():
        return order, np.arange(1.0, len(order) + 1.0), None
    edges = np.concatenate(([0], np.flatnonzero(differs) + 1, [len(order)]))
    counts = np.diff(edges)
    return order, edges[:-1] + (counts + 1) / 2, counts


@lru_cache(maxsize=4)  # within an era prediction, meta model and benchmark have the same length
def _quantiles(count: int) -> FloatArray:
    quantiles = np.asarray(ndtri((np.arange(1.0, count + 1.0) - 0.5) / count), dtype=np.float64)
    quantiles.flags.writeable = False
    return quantiles
