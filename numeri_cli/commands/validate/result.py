"""What is scored, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from numeri_cli.dataset.eras import horizon_days
from numeri_cli.dataset.prediction_files import (
    IdColumn,
    read_predictions,
)
from numeri_cli.scoring.scorecard import LOWER_IS_BETTER, SCORES, Scorecard
from numeri_cli.scoring.summary import (
    PairedTest,
    PayoutRule,
    Summary,
    compare,
    overlap_lags,
    summarize,
)


@dataclass(frozen=True, eq=False)
class PredictionSource:
    """What is to be scored.

    predictions: by id, of any number of eras
    training_eras: those the model has seen; empty where nobody knows
    contract: (name, value) lines that say what made the predictions, for the report
    churn: how much its predictions change in a week (see `weekly_churn`); NaN where nobody knows
    """

    predictions: IdColumn
    training_eras: tuple[str, ...] = ()
    contract: tuple[tuple[str, str], ...] = ()
    churn: float = float("nan")

    @classmethod
    def of_file(cls, path: Path, *, name: str | None = None) -> PredictionSource:
        """A prediction file. Raises FileMissing, FileDamaged, PredictionsError."""
        return cls(read_predictions(path, name=name), contract=(("file", str(path)),))

    @property
    def name(self) -> str:
        """As the table calls it."""
        return self.predictions.name


@dataclass(frozen=True)
class Coverage:
    """How much of the data one source speaks about, over the eras that were scored.

    rows: of the scored eras; predicted: those with a prediction; surplus: ids of the source that
    are not in the data at all; eras: with at least one prediction
    """

    rows: int
    predicted: int
    surplus: int
    eras: int


@dataclass(frozen=True, eq=False)
class Difference:
    """Two sources in one score, tested era by era; `first` − `second`."""

    score: str
    first: str
    second: str
    test: PairedTest


@dataclass(frozen=True, eq=False)
class Validation:
    """One scorecard per source, and what they rest on.

    unresolved: eras of the data left out because no row has its target yet
    benchmark: the name of the benchmark column behind `bmc`; None where there was none
    features: how many features stand behind `fnc` and the exposures
    warnings: sentences the owner should read
    payout: how a round on this target is paid; None where that is not known
    """

    data: Path
    target: str
    sources: tuple[PredictionSource, ...]
    cards: tuple[Scorecard, ...]
    coverage: tuple[Coverage, ...]
    eras: tuple[str, ...]
    unresolved: tuple[str, ...]
    meta_model: bool
    benchmark: str | None
    features: int
    warnings: tuple[str, ...]
    payout: PayoutRule | None = None

    @property
    def horizon_days(self) -> int:
        """Business days the target looks ahead."""
        return horizon_days(self.target)

    @property
    def scores(self) -> tuple[str, ...]:
        """The names of the scores that any source has, in the order of SCORES."""
        return tuple(name for name in SCORES if any(card.has(name) for card in self.cards))

    def card(self, name: str) -> Scorecard:
        """The scorecard of a source."""
        return next(card for card in self.cards if card.name == name)

    def payout_summary(self, card: Scorecard) -> Summary | None:
        """Of the payout per era, a share of the stake; None without a rule, or a score it takes."""
        if self.payout is None or not all(card.has(name) for name, _ in self.payout.multipliers):
            return None
        return summarize(card.payout(self.payout))

    def winner(self, score: str) -> str | None:
        """Who has the best mean, or the smallest exposure; None for one source alone."""
        means = {card.name: card.summary(score).mean for card in self.cards if card.has(score)}
        if len(means) < 2:
            return None
        best = min if score in LOWER_IS_BETTER else max
        return best(means, key=lambda name: means[name])

    def difference(self, first: str, second: str, score: str = "corr") -> Difference:
        """Whether two sources differ, with a standard error that allows for overlapping targets."""
        series = [self.card(name).score(score) for name in (first, second)]
        test = compare(*series, lags=overlap_lags(self.horizon_days))
        return Difference(score, first, second, test)

    def differences(self, score: str = "corr") -> tuple[Difference, ...]:
        """Of every pair."""
        names = [card.name for card in self.cards]
        return tuple(self.difference(a, b, score) for a, b in combinations(names, 2))
