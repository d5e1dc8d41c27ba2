"""What is scored, and what came of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np

from numeri_cli.dataset.eras import DAYS_PER_WEEK, era_number, horizon_days
from numeri_cli.dataset.prediction_files import (
    IdColumn,
    read_predictions,
)
from numeri_cli.scoring.paired_test import PairedTest, compare, overlap_lags
from numeri_cli.scoring.ranks import FloatArray
from numeri_cli.scoring.score_table import CORR, Score
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import PayoutRule, Summary, summarize


@dataclass(frozen=True, eq=False, kw_only=True)
class PredictionSource:
    """What is to be scored.

    predictions: by id, of any number of eras
    training_eras: those the model has seen, held-out ones among them; empty where nobody knows
    held_out_eras: of these, those that ended its training early
    targets: that it was trained for; empty where nobody knows
    purge_eras: so many eras around them are near enough to be known from them
    contract: (name, value) lines that say what made the predictions, for the report
    raw: the same predictions before they were neutralized, by so much of `neutralized`; None where
    nothing was taken out of them, or nobody knows
    churn: how much its predictions change in a week (see `weekly_churn`); NaN where nobody knows
    gain_importance: (feature, share of the gain) in its trees, the largest first
    """

    predictions: IdColumn
    training_eras: tuple[str, ...] = ()
    held_out_eras: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    purge_eras: int = 0
    contract: tuple[tuple[str, str], ...] = ()
    raw: IdColumn | None = None
    neutralized: float = 0.0
    churn: float = float("nan")
    gain_importance: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of_file(cls, path: Path, *, name: str | None = None) -> PredictionSource:
        """A prediction file. Raises FileMissing, FileDamaged, PredictionsError."""
        return cls(predictions=read_predictions(path, name=name), contract=(("file", str(path)),))

    @property
    def name(self) -> str:
        """As the table calls it."""
        return self.predictions.name


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of the data one source speaks about, over the eras that were scored.

    rows: of the scored eras; predicted: those with a prediction; surplus: ids of the source that
    are not in the data at all; eras: with at least one prediction
    seen_in_training: how many of the scored eras the model was trained on, or on eras near them
    held_out, purged: of these, those that ended its training early, and those only near to it
    """

    rows: int
    predicted: int
    surplus: int
    eras: int
    seen_in_training: int = 0
    held_out: int = 0
    purged: int = 0


@dataclass(frozen=True, kw_only=True)
class EraDays:
    """When eras were, a week each: `day` is that of the era with the number `era`."""

    era: float
    day: date

    @classmethod
    def of_dates(cls) -> EraDays:
        """For eras that are called by dates: their numbers count weeks from the year 1 on."""
        return cls(era=1 / DAYS_PER_WEEK, day=date.min)

    def of(self, era: str) -> date:
        """The day of an era that has a number or a date."""
        return self.day + timedelta(days=round((era_number(era) - self.era) * DAYS_PER_WEEK))


Reason = Literal["no target", "purged", "no prediction", "too few rows", "all the same"]


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Eras of the data that do not count, in order of time, and why.

    reason: of all eras: no target yet, purged, no prediction of any source; of one source: no
    prediction of its own, too few rows of an era predicted, all values of it the same
    source: its name; "" where they are left out for all
    words: the reason as a sentence goes on after the eras
    """

    reason: Reason
    eras: tuple[str, ...]
    words: str
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How alike two sources are: the mean over eras of their correlation, ranked and gaussianized.

    eras: in which both predict four fifths of the same ids
    """

    first: str
    second: str
    mean: float
    eras: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Difference:
    """Two sources in one score, tested era by era; `first` − `second`."""

    score: Score
    first: str
    second: str
    test: PairedTest


@dataclass(frozen=True, eq=False, kw_only=True)
class Validation:
    """One scorecard per source, and what they rest on.

    unresolved: eras of the data left out because no row has its target yet
    benchmark: the name of the benchmark column behind `bmc`; None where there was none
    features: how many features stand behind `fnc` and the exposures
    warnings: sentences the owner should read
    payout: how a round on this target is paid; None where that is not known
    benchmark_card: the benchmark's own scores; likeness: of every two sources
    more_data: further data files behind the eras
    left_out: eras of the data that are in no score, or in none of a source
    raw_cards: by source, the scores of its predictions before they were neutralized, or None
    others: the same sources on further targets
    days: on which days the eras were; None where that is not known
    """

    data: Path
    target: str
    sources: tuple[PredictionSource, ...]
    cards: tuple[Scorecard, ...]
    coverage: tuple[Coverage, ...]
    eras: tuple[str, ...]
    unresolved: tuple[str, ...]
    benchmark: str | None
    features: int
    warnings: tuple[str, ...]
    payout: PayoutRule | None = None
    benchmark_card: Scorecard | None = None
    likeness: tuple[Likeness, ...] = ()
    more_data: tuple[Path, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    days: EraDays | None = None
    raw_cards: tuple[Scorecard | None, ...] = ()
    others: tuple[Validation, ...] = ()

    @property
    def horizon_days(self) -> int:
        """Business days the target looks ahead."""
        return horizon_days(self.target)

    @property
    def scores(self) -> tuple[Score, ...]:
        """Those that any source has, in the order of the score table."""
        table = self.cards[0].table
        return tuple(one for one in table if any(card.has(one.name) for card in self.cards))

    @property
    def payout_series(self) -> list[FloatArray]:
        """(n_eras,) what each era would have paid each source; empty where nobody can know."""
        rule = self.payout
        if rule is None or not any(self.payout_summary(card) for card in self.cards):
            return []
        return [card.payout(rule) for card in self.cards]

    def payout_summary(self, card: Scorecard) -> Summary | None:
        """The payout per era as a share of the stake; None without a rule, or a score it takes."""
        rule = self.payout
        if rule is None or not all(card.has(score.name) for score, _ in rule.multipliers):
            return None
        return summarize(card.payout(rule))

    @property
    def step_weeks(self) -> float:
        """Weeks from one era to the next: 1, and more where eras are left out in between."""
        numbers = np.array([era_number(era) for era in self.eras])
        steps = np.diff(numbers[np.isfinite(numbers)])
        return float(np.median(steps)) if len(steps) else 1.0

    @property
    def lags(self) -> int:
        """How many of the eras after one share days with its target; fewer where eras are left out.

        Of weekly eras a target of 60 days shares with 12; of every fourth week with 3.
        """
        step = self.step_weeks
        return math.ceil(overlap_lags(self.horizon_days) / step) if step > 0 else 0

    def differences(self, score: Score = CORR) -> tuple[Difference, ...]:
        """The paired test of every two sources; its errors allow for overlapping targets."""
        lags = self.lags
        return tuple(
            Difference(
                score=score,
                first=first.name,
                second=second.name,
                test=compare(first.score(score.name), second.score(score.name), lags=lags),
            )
            for first, second in combinations(self.cards, 2)
        )
