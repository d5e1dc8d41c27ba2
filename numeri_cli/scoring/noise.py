"""Which of several predictions is the best in a figure by more than noise.

Some figures are means over eras, or nearly so: the mean itself, the share of eras above zero, and
to the first order the Sharpe. Two of these can be held against each other era by era. A drawdown,
of which each history has one, cannot: of such a figure no best is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from numeri_cli.scoring.optimism import sharpe_series
from numeri_cli.scoring.paired_test import compare
from numeri_cli.scoring.ranks import FloatArray, known
from numeri_cli.scoring.summary import Figure, best_place


def _above_zero(values: FloatArray) -> FloatArray:
    return np.where(np.isnan(values), np.nan, values > 0)


def _last(values: FloatArray, count: int) -> FloatArray:
    """The last so many eras that have a score; NaN before."""
    there = np.flatnonzero(known(values))
    kept = np.full(len(values), np.nan)
    if len(there) >= count:
        kept[there[-count:]] = values[there[-count:]]
    return kept


_BY_ERA: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "mean": lambda values: values,
    "sharpe": sharpe_series,
    "positive": _above_zero,
    "last_20": lambda values: _last(values, 20),
    "last_52": lambda values: _last(values, 52),
}


def best_beyond_noise(
    figure: Figure, series: Sequence[FloatArray], *, score_is_lower: bool = False, lags: int
) -> int | None:
    """The place of the one that is told apart from every other that has the figure.

    series: (n_eras,) each, of one score over the same eras, NaN where an era has none
    score_is_lower: whether a lower score is the better one
    lags: over which neighbouring eras share their targets' days
    returns: None where fewer than two have the figure, where no value of it is better than
    another, or where the difference may be noise
    """
    by_era = _BY_ERA.get(figure.name)
    if by_era is None or figure.lower_is_better is None:
        return None
    lower = figure.lower_is_better or (figure.name == "mean" and score_is_lower)
    rows = [by_era(one) for one in series]
    means = [float(one[known(one)].mean()) if known(one).any() else math.nan for one in rows]
    best = best_place(means, lower_is_better=lower)
    if best is None:
        return None
    others = [row for row, mean in zip(rows, means, strict=True) if not math.isnan(mean)]
    tests = [compare(rows[best], other, lags=lags) for other in others if other is not rows[best]]
    return best if all(test.beyond_noise for test in tests) else None
