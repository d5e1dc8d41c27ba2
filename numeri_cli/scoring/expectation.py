"""What validation leads one to expect of live rounds, and whether they are as was expected.

A score looks some weeks ahead, so scores less than that apart share days: two that are d weeks
apart share 1 − d / horizon of them, and are taken to be correlated as much. That holds for eras of
validation, a week apart, and for live rounds, however often they open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:  # scipy comes with it
    from numeri_cli.scoring.ranks import FloatArray

DAYS_A_WEEK = 5  # business days
LEVEL = 0.05  # how often as validated is called changed
POWER = 0.80
LEAST_ERAS, LEAST_ROUNDS = 20, 5
MOST_ROUNDS = 2_600  # ten years of five a week: beyond, no number of rounds is named
FALL = 0.5  # the change whose detection is told: to half of the validated mean

Verdict = Literal["as validated", "lower", "higher"]


@dataclass(frozen=True, kw_only=True)
class LiveJudgement:
    """Live rounds against what validation led one to expect.

    live_mean, expected_mean: of the score; low, high: where the live mean lies in 95 % of cases if
    the model is as validated
    power: how often so many rounds would tell a fall to half of the expected mean
    rounds_needed: for a power of 80 %; None where ten years of rounds are not enough
    """

    verdict: Verdict
    rounds: int
    live_mean: float
    expected_mean: float
    low: float
    high: float
    power: float
    rounds_needed: int | None


class Expectation:
    """The mean and spread of a validated score, and how sure they are.

    values: (n_eras,) out of sample, a week apart, NaN where an era has none
    horizon_days: business days that the score looks ahead
    Raises ValueError for fewer than 20 eras or a score that is constant.
    """

    def __init__(self, values: FloatArray, *, horizon_days: int) -> None:
        there = ~np.isnan(values)
        weeks = np.flatnonzero(there).astype(np.float64)
        if len(weeks) < LEAST_ERAS:
            raise ValueError(f"{len(weeks)} eras are too few to expect anything of")
        self.horizon_weeks = horizon_days / DAYS_A_WEEK
        self.eras, self.mean = len(weeks), float(values[there].mean())
        shared = overlap(weeks, horizon_weeks=self.horizon_weeks)
        self._own = float(shared.mean())  # the variance of the mean, of a score's own as 1
        squares = float(((values[there] - self.mean) ** 2).sum())
        self.variance = squares / (self.eras * (1 - self._own))
        if np.ptp(values[there]) == 0:
            raise ValueError("a score that never changes leads one to expect nothing")
        self.freedom = _freedom(shared)

    def band(self, weeks: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Where the running sum of live rounds lies in 95 % of cases, after each of them.

        weeks: (n_rounds,) when each opened, ascending
        returns: low and high, (n_rounds,) each
        """
        count = np.arange(1, len(weeks) + 1)
        half = self._limit * np.sqrt(self.variance * (self._own + _running(weeks, self)))
        return count * (self.mean - half), count * (self.mean + half)

    def judge(self, values: FloatArray, weeks: FloatArray) -> LiveJudgement:
        """Whether live rounds are as validated.

        values: (n_rounds,) final scores, no NaN; weeks: when each opened, ascending
        Raises ValueError for fewer than 5 rounds.
        """
        if len(values) < LEAST_ROUNDS:
            raise ValueError(f"{len(values)} rounds are too few to judge by")
        mean, live = float(values.mean()), self._live(weeks)
        half = self._limit * math.sqrt(self.variance * (self._own + live))
        verdict: Verdict = "as validated"
        if abs(mean - self.mean) > half:
            verdict = "lower" if mean < self.mean else "higher"
        gap = (weeks[-1] - weeks[0]) / (len(weeks) - 1)
        return LiveJudgement(
            verdict=verdict,
            rounds=len(values),
            live_mean=mean,
            expected_mean=self.mean,
            low=self.mean - half,
            high=self.mean + half,
            power=self.power(live),
            rounds_needed=self.rounds_needed(float(gap)),
        )

    def power(self, live: float) -> float:
        """How often a fall to half of the mean is told.

        live: the variance of the live mean, of a score's own as 1
        """
        from scipy.special import stdtr

        fall = FALL * self.mean / math.sqrt(self.variance)
        beyond = fall - self._limit * math.sqrt(self._own + live)
        return float(stdtr(self.freedom, beyond / math.sqrt(live)))

    def rounds_needed(self, gap_weeks: float) -> int | None:
        """The fewest rounds, so many weeks apart, with a power of 80 %; None beyond ten years."""

        def enough(count: int) -> bool:
            return self.power(spaced(count, gap_weeks, horizon_weeks=self.horizon_weeks)) >= POWER

        low, high = 1, MOST_ROUNDS
        if self.mean <= 0 or not enough(high):
            return None
        while low < high:  # the power grows with every round
            middle = (low + high) // 2
            low, high = (low, middle) if enough(middle) else (middle + 1, high)
        return max(low, LEAST_ROUNDS)

    @cached_property
    def _limit(self) -> float:
        """How many standard errors apart a live mean is called changed."""
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, 1 - LEVEL / 2))

    def _live(self, weeks: FloatArray) -> float:
        return float(overlap(weeks, horizon_weeks=self.horizon_weeks).mean())


def overlap(weeks: FloatArray, *, horizon_weeks: float) -> FloatArray:
    """The share of days that every two share, (n, n)."""
    apart = np.abs(weeks[:, None] - weeks[None, :])
    return np.asarray(np.maximum(0.0, 1 - apart / horizon_weeks), dtype=np.float64)


def spaced(count: int, gap_weeks: float, *, horizon_weeks: float) -> float:
    """The variance of the mean of so many scores, equally far apart, of a score's own as 1."""
    lags = np.arange(1, count)
    shared = np.maximum(0.0, 1 - lags * gap_weeks / horizon_weeks)
    return float((count + 2 * ((count - lags) * shared).sum()) / count**2)


def _freedom(shared: FloatArray) -> float:
    """Degrees of freedom of the variance: fewer than eras, as they share days.

    source: Satterthwaite 1946, moments of a quadratic form of correlated normal values
    """
    centred = shared - shared.mean(axis=0) - shared.mean(axis=1)[:, None] + shared.mean()
    return float(np.trace(centred) ** 2 / (centred * centred.T).sum())


def _running(weeks: FloatArray, expected: Expectation) -> FloatArray:
    """After each round, the variance of the mean so far, of a score's own as 1."""
    shared = overlap(weeks, horizon_weeks=expected.horizon_weeks)
    below = np.tril(shared, -1).sum(axis=1)
    count = np.arange(1, len(weeks) + 1)
    return np.asarray((count + 2 * np.cumsum(below)) / count**2, dtype=np.float64)
