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
_BEYOND = (2.3263, 4.1618, 0.5368, -0.9060)  # by the power of lags + 1 over eras


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest:
    """Whether two series differ, era by era, `first` − `second`."""

    eras: int  # that both have
    mean_difference: float
    standard_error: float  # Newey–West
    t: float
    lags: int

    @property
    def limit(self) -> float:
        """The t beyond which the difference is more than chance, with as few eras as there are."""
        return noise_limit(self.eras, self.lags)

    @property
    def beyond_noise(self) -> bool:
        """Whether the difference is more than chance, with as few eras as there are."""
        return abs(self.t) >= self.limit

    @property
    def eras_to_tell(self) -> float:
        """How many eras it takes to tell the two apart if the difference stays as it is."""
        if math.isnan(self.t) or not self.t:
            return float("inf") if self.t == 0 else self.t
        least = needed = 2.0 * (self.lags + 1)
        for _ in range(60):  # each step is nearer: the limit falls as eras are added
            limit = noise_limit(max(needed, least), self.lags)
            needed = self.eras * (limit / self.t) ** 2
        return max(needed, least)


def noise_limit(eras: float, lags: int) -> float:
    """The t beyond which a difference is more than noise.

    Newey–West's errors are too small where eras are few beside the lags, so the limit grows with
    the share of the lags. It is the one for 2 in 100, as even so 4 to 12 in 100 means of noise that
    overlaps as much as the lags say are beyond it (40 eras and more); of 1.96 it would be 10 to 33.
    Fewer eras than twice those that overlap say nothing: it is infinite.
    source: Kiefer and Vogelsang 2005, table 1, Bartlett, 99 %
    """
    if eras < 2 * (lags + 1):
        return math.inf
    share = (lags + 1) / eras
    return sum(part * share**power for power, part in enumerate(_BEYOND))


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
        return PairedTest(eras=count, mean_difference=mean, standard_error=nan, t=nan, lags=lags)
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
        return PairedTest(eras=count, mean_difference=mean, standard_error=error, t=nan, lags=lags)
    t = mean / error
    return PairedTest(eras=count, mean_difference=mean, standard_error=error, t=t, lags=lags)
