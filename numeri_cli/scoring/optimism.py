"""How much too good the best of many looks, and from when on a difference is more than luck."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from numeri_cli.scoring.paired_test import compare
from numeri_cli.scoring.ranks import FloatArray, known

_REACH, _POINTS = 9.0, 4001  # of the integral over normal values
_DRAWS, _MOST_VALUES, _BY_LUCK = 4000, 2_000_000, 0.025


@lru_cache(maxsize=256)
def expected_maximum(count: int) -> float:
    """The expected greatest of so many independent standard normal values: 0, 0.56, 0.85, …

    count: 1 or more
    source: ∫ x n φ Φⁿ⁻¹
    """
    if count < 1:
        raise ValueError("the greatest of no values")
    x = np.linspace(-_REACH, _REACH, _POINTS)
    density = count * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi) * ndtr(x) ** (count - 1)
    return float(np.trapezoid(x * density, x))


def expected_optimism(values: Sequence[float], *, count: int) -> float:
    """How far the best of so many would lie above their mean if luck alone told them apart.

    values: what each trial came to; count: of all that competed, those given up early among them
    returns: the standard deviation (ddof 1) times the expected greatest of so many normal values;
    NaN for fewer than three values. Where trials differ in truth, too, it is less.
    source: Bailey and López de Prado 2014, the expected maximum behind the deflated Sharpe ratio
    """
    there = np.array([value for value in values if math.isfinite(value)])
    if len(there) < 3:
        return math.nan
    return float(there.std(ddof=1)) * expected_maximum(max(count, len(there)))


@lru_cache(maxsize=32)
def critical_t(eras: int, lags: int) -> float:
    """The t of a mean over so many eras that luck alone exceeds in 2.5 of 100 cases.

    It is above 1.96, since errors are estimated from few eras, and from fewer windows of days.
    lags: over which neighbouring eras share their targets' days
    returns: infinity where that is all of the eras
    source: drawn, always the same: normal values summed over lags + 1 eras, and `compare`'s test
    """
    if eras < 2 or lags + 1 >= eras:
        return math.inf
    draws = min(_DRAWS, max(_MOST_VALUES // (eras + lags), _DRAWS // 10))
    noise = np.random.default_rng(0).standard_normal((draws, eras + lags))
    sums = np.cumsum(np.pad(noise, ((0, 0), (1, 0))), axis=1)
    series = sums[:, lags + 1 :] - sums[:, : -lags - 1]
    mean = series.mean(axis=1)
    centred = series - mean[:, None]
    variance = np.zeros(draws)
    for lag in range(lags + 1):
        weight = 1.0 if not lag else 2 * (1 - lag / (lags + 1))
        variance += weight * (centred[:, lag:] * centred[:, : eras - lag]).sum(axis=1)
    t = mean / (np.sqrt(variance) / eras)
    return float(np.quantile(np.abs(t), 1 - 2 * _BY_LUCK))


def sharpe_series(values: FloatArray) -> FloatArray:
    """A value for each era, the mean of which is the Sharpe of all; NaN where an era has none.

    So two Sharpes can be told apart as two means can.
    values: (n_eras,)
    source: the influence function of mean / std (ddof 0), as Ledoit and Wolf 2008 linearize it
    """
    there = values[known(values)]
    std = float(there.std()) if len(there) else 0.0
    if std == 0:
        return np.full(len(values), np.nan)
    sharpe = float(there.mean()) / std
    z = (values - there.mean()) / std
    return np.asarray(sharpe + z - sharpe / 2 * (z**2 - 1), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Gain:
    """One series of scores against another over the same eras.

    critical: the t that the difference has to reach to be more than luck
    """

    mean: float
    standard_error: float
    t: float
    critical: float
    eras: int

    @property
    def within_noise(self) -> bool:
        """Whether luck alone could have brought it, or it is none."""
        return not self.t >= self.critical


def gain(first: FloatArray, second: FloatArray, *, lags: int) -> Gain:
    """How far `first` lies above `second`, era by era, (n_eras,) each, NaN where there is none."""
    test = compare(first, second, lags=lags)
    return Gain(
        mean=test.mean_difference,
        standard_error=test.standard_error,
        t=test.t,
        critical=critical_t(test.eras, test.lags),
        eras=test.eras,
    )
