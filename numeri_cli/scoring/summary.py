"""Many eras' scores of one kind → what one wants to know about them.

A series is (n_eras,), oldest first, NaN where an era has no such score. Missing eras are left out
of everything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numeri_cli.published import Published
from numeri_cli.scoring.ranks import FloatArray, known
from numeri_cli.scoring.score_table import Score

WEEKS_A_YEAR = 365.25 / 7
_PARTS = {5: "a fifth", 13: "a thirteenth"}  # of a stake, by how many rounds share it


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(Published):
    """One score over its eras; NaN where too few eras are there to say."""

    eras: int  # how many the figures rest on
    mean: float
    std: float  # ddof 0
    sharpe: float  # mean / std, per era
    drawdown: float  # largest fall of the cumulative sum below its last high, ≥ 0
    drawdown_eras: int  # from that high until it was passed again, or until the end
    autocorrelation: float  # lag 1
    smart_sharpe: float  # Sharpe with the std enlarged by that autocorrelation
    positive: float  # share of eras above 0
    last_20: float  # mean of the last 20 eras
    last_52: float


@dataclass(frozen=True, kw_only=True)
class Figure:
    """How one figure of a summary is shown; the guide has its meaning, on the page of tables.

    name: of the summary's field; places: decimals
    label: after a score's name
    in_terminal: whether a line of it is shown there, and not only on the page
    lower_is_better: None where neither is; of the mean the score decides
    """

    name: str
    label: str
    places: int
    lower_is_better: bool | None
    in_terminal: bool = True

    def of(self, summary: Summary) -> float:
        """The figure itself; NaN of no era, of which there is nothing to say but that."""
        if not summary.eras and self.name != "eras":
            return math.nan
        return float(getattr(summary, self.name))


FIGURES = (
    Figure(
        name="mean",
        label="mean",
        places=4,
        lower_is_better=False,
    ),
    Figure(
        name="std",
        label="std",
        places=4,
        lower_is_better=None,
    ),
    Figure(
        name="sharpe",
        label="Sharpe",
        places=2,
        lower_is_better=False,
    ),
    Figure(
        name="smart_sharpe",
        label="smart Sharpe",
        in_terminal=False,
        places=2,
        lower_is_better=False,
    ),
    Figure(
        name="drawdown",
        label="drawdown",
        places=4,
        lower_is_better=True,
    ),
    Figure(
        name="drawdown_eras",
        label="drawdown eras",
        places=0,
        lower_is_better=None,
    ),
    Figure(
        name="positive",
        label="eras above 0",
        places=2,
        lower_is_better=False,
    ),
    Figure(
        name="autocorrelation",
        label="autocorrelation",
        places=2,
        lower_is_better=None,
    ),
    Figure(
        name="last_20",
        label="last 20 eras",
        places=4,
        lower_is_better=False,
    ),
    Figure(
        name="last_52",
        label="last 52 eras",
        places=4,
        lower_is_better=False,
    ),
    Figure(
        name="eras",
        label="eras",
        in_terminal=False,
        places=0,
        lower_is_better=None,
    ),
)


def best_place(values: Sequence[float], *, lower_is_better: bool, least: int = 2) -> int | None:
    """The place of the best value; None where fewer than `least` are not NaN."""
    present = {place: value for place, value in enumerate(values) if not math.isnan(value)}
    if len(present) < least:
        return None
    choose = min if lower_is_better else max
    return choose(present, key=present.__getitem__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRule:
    """How a round turns scores into a share of the stake: Σ multiplier · score, clipped.

    factor: the round's payout factor, in [0, 1]
    rounds_held: among so many rounds the stake is divided, as a round holds its part until it
    is settled; rounds_a_week: how many open; None where that is not known
    """

    multipliers: tuple[tuple[Score, float], ...]
    clip: float
    factor: float = 1.0
    rounds_held: int | None = None
    rounds_a_week: int | None = None

    @property
    def turns_a_year(self) -> float | None:
        """How often a year the whole stake is at risk in a round; None where that is not known."""
        if self.rounds_held is None or self.rounds_a_week is None:
            return None
        return WEEKS_A_YEAR * self.rounds_a_week / self.rounds_held

    @property
    def share_words(self) -> str:
        """Such as "each round takes a thirteenth of the stake"; "" where it is not known."""
        if self.rounds_held is None:
            return ""
        part = _PARTS.get(self.rounds_held, f"1/{self.rounds_held}")
        told = f"each round takes {part} of the stake"
        if self.rounds_a_week and self.rounds_a_week > 1:
            weeks = math.ceil(self.rounds_held / self.rounds_a_week)
            told += f", those of a week together about {_PARTS.get(weeks, f'1/{weeks}')}"
        return told

    @property
    def formula(self) -> str:
        """Such as "3·CORR + 15·MMC, clipped at ±1"."""
        terms = " + ".join(f"{weight:g}·{score.label}" for score, weight in self.multipliers)
        total = terms if self.factor == 1 else f"{self.factor:g}·({terms})"
        return f"{total}, clipped at ±{self.clip:g}"

    def per_era(self, scores: Sequence[FloatArray]) -> FloatArray:
        """What each era would have paid had it been a round: its payout factor.

        scores: one (n_eras,) for each of `multipliers`, in that order
        returns: (n_eras,) a share of the stake at risk in that round, negative where it burns; NaN
        where a score is missing
        source: TOURNAMENT rules, stake · clip(factor · Σ multiplier · score, ±clip)
        """
        total = np.zeros(len(scores[0]))
        for (_, multiplier), series in zip(self.multipliers, scores, strict=True):
            total = total + multiplier * series
        return np.asarray(np.clip(self.factor * total, -self.clip, self.clip), dtype=np.float64)


def summarize(series: FloatArray) -> Summary:
    """All figures of one series."""
    values = series[known(series)]
    count = len(values)
    nan = math.nan
    if not count:
        return Summary(
            eras=0,
            mean=nan,
            std=nan,
            sharpe=nan,
            drawdown=nan,
            drawdown_eras=0,
            autocorrelation=nan,
            smart_sharpe=nan,
            positive=nan,
            last_20=nan,
            last_52=nan,
        )
    mean, std = float(values.mean()), float(values.std())
    if values.min() == values.max():
        std = 0.0
    sharpe = mean / std if std > 0 else nan
    depth, length = drawdown(values)
    lag_1 = autocorrelation(values)
    return Summary(
        eras=count,
        mean=mean,
        std=std,
        sharpe=sharpe,
        drawdown=depth,
        drawdown_eras=length,
        autocorrelation=lag_1,
        smart_sharpe=sharpe / smart_penalty(lag_1, count),
        positive=float((values > 0).mean()),
        last_20=float(values[-20:].mean()) if count >= 20 else nan,
        last_52=float(values[-52:].mean()) if count >= 52 else nan,
    )


def underwater(values: FloatArray) -> FloatArray:
    """How far the cumulative sum stands below its highest point so far, (n_eras,), ≥ 0."""
    total = np.cumsum(values)
    return np.asarray(np.maximum.accumulate(total) - total, dtype=np.float64)


def drawdown(values: FloatArray) -> tuple[float, int]:
    """Depth of the deepest fall, and eras from its high until a new one (or the end).

    The first era's own loss is not a fall: the highest point begins there, as in Numerai's tables.
    """
    below = underwater(values)
    if not len(below) or below.max() <= 0:
        return 0.0, 0
    deepest = int(below.argmax())
    dry = np.flatnonzero(below <= 0)
    start = int(dry[dry < deepest][-1])
    later = dry[dry > deepest]
    end = int(later[0]) if len(later) else len(below) - 1
    return float(below[deepest]), end - start


def autocorrelation(values: FloatArray) -> float:
    """Pearson correlation of the series with itself one era later; NaN under three eras."""
    if len(values) < 3:
        return float("nan")
    before, after = values[:-1] - values[:-1].mean(), values[1:] - values[1:].mean()
    scale = float(np.sqrt((before @ before) * (after @ after)))
    return float(before @ after) / scale if scale > 0 else float("nan")


def smart_penalty(lag_1: float, count: int) -> float:
    """By how much autocorrelation makes the std of a sum larger than that of independent eras.

    source: √(1 + 2 Σ (1 − i/n) ρ^i), i = 1 … n − 1, for a first-order autoregression
    """
    steps = np.arange(1, count)
    return float(np.sqrt(1 + 2 * np.sum((1 - steps / count) * lag_1**steps)))
