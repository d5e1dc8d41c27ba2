"""Whether two series of scores differ by more than chance, though neighbours share days.

A series is (n_eras,), oldest first, NaN where an era has no such score. Missing eras are left out
of everything but the lags, which go by position.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # scipy comes with it, half a second that a table of live scores does without
    from numeri_cli.scoring.ranks import FloatArray

BUSINESS_DAYS_PER_ERA = 5
_TELLING = 1.96  # a t beyond this tells two models apart at 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest:
    """Whether two series differ, era by era, `first` − `second`."""

    eras: int  # that both have
    mean_difference: float
    standard_error: float  # Newey–West
    t: float
    lags: int
    eras_needed: float  # to reach |t| = 1.96 if the difference stays as it is

    @property
    def telling(self) -> bool:
        """Whether the difference is more than chance at 95 %."""
        return abs(self.t) >= _TELLING


def overlap_lags(horizon_days: int) -> int:
    """How many eras ahead a target still shares days with its own: 20 days 4, 60 days 12."""
    return math.ceil(horizon_days / BUSINESS_DAYS_PER_ERA)


def compare(first: FloatArray, second: FloatArray, *, lags: int) -> PairedTest:
    """Paired test per era of `first` − `second`, (n_eras,) each over the same eras.

    lags: over which neighbouring eras share their targets' days (see `overlap_lags`)
    source: Newey and West 1987, Bartlett weights 1 − l/(lags + 1)
    """
    difference = first - second
    there = ~np.isnan(difference)
    count = int(there.sum())
    nan = float("nan")
    if count < 2:
        mean = float(difference[there].mean()) if count else nan
        return PairedTest(
            eras=count, mean_difference=mean, standard_error=nan, t=nan, lags=lags, eras_needed=nan
        )
    mean = float(difference[there].mean())
    deviation = np.where(there, difference - mean, 0.0)
    lags = min(lags, count - 1)
    # a row for each era and a column for each lag: the product with the eras is all sums at once
    later = np.lib.stride_tricks.sliding_window_view(
        np.concatenate([deviation, np.zeros(lags)]), lags + 1
    )
    sums = deviation @ later
    weights = 2 * (1 - np.arange(lags + 1) / (lags + 1))
    weights[0] = 1
    variance = float(weights @ sums) / count
    error = float(np.sqrt(max(variance, 0.0) / count))
    if error == 0:
        return PairedTest(
            eras=count,
            mean_difference=mean,
            standard_error=error,
            t=nan,
            lags=lags,
            eras_needed=nan,
        )
    t = mean / error
    needed = count * (_TELLING / t) ** 2 if t else float("inf")
    return PairedTest(
        eras=count, mean_difference=mean, standard_error=error, t=t, lags=lags, eras_needed=needed
    )
