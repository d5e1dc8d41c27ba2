"""Many eras, given in order, one or many predictions → a table of scores per era for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt

from numeri_cli.scoring.era import Era, EraArrays, EraPrediction
from numeri_cli.scoring.feature_scores import PROPORTIONS, FeatureScores
from numeri_cli.scoring.neutral import MISSING_FEATURE
from numeri_cli.scoring.ranks import FloatArray, known
from numeri_cli.scoring.score_table import SCORES, Score
from numeri_cli.scoring.scores import enough, pearson
from numeri_cli.scoring.summary import PayoutRule, Summary, summarize


@dataclass(frozen=True, eq=False, kw_only=True)
class EraScores:
    """What the inputs of one era came to.

    ids: of the era; predicted: (n_predictions,) ids with a prediction; rows: with a target, too
    scores: (n_scores, n_predictions), a row for each row of the score table
    features: what the features have to do with it; None where there are none
    likeness: (n_predictions, n_predictions) correlation of each with each, see `likeness`
    """

    name: str
    ids: int
    predicted: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    scores: FloatArray
    features: FeatureScores | None = None
    likeness: FloatArray = field(default_factory=lambda: np.empty((0, 0)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Scorecard:
    """All scores of one prediction.

    table: the scores, in the order of their rows
    rows: (n_eras,) ids that have both a prediction and a target; ids: (n_eras,) all of the era
    scores: (len(table), n_eras), NaN where there is no such score
    exposures, halved: (n_eras, n_features), correlations with `features`, as it is and after
    neutralization by half
    curve: (n_eras, len(PROPORTIONS)), CORR after neutralization by so much
    """

    name: str
    table: tuple[Score, ...]
    eras: tuple[str, ...]
    ids: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    scores: FloatArray
    features: tuple[str, ...] = ()
    exposures: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    halved: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    curve: FloatArray = field(default_factory=lambda: np.empty((0, len(PROPORTIONS))))

    def score(self, name: str) -> FloatArray:
        """(n_eras,) of a score of the table. Raises ValueError for one that is not in it."""
        place = [score.name for score in self.table].index(name)
        return np.asarray(self.scores[place], dtype=np.float64)

    def has(self, name: str) -> bool:
        """Whether any era has this score."""
        return bool(known(self.score(name)).any())

    def summary(self, name: str) -> Summary:
        """Mean, Sharpe, drawdown and the rest, over the eras that have the score."""
        return summarize(self.score(name))

    def payout(self, rule: PayoutRule) -> FloatArray:
        """(n_eras,) what the rule would have paid, as a share of the stake."""
        return rule.per_era([self.score(score.name) for score, _ in rule.multipliers])

    def largest_exposure(self) -> tuple[str, str, float]:
        """The feature, the era and the size of the largest exposure; ("", "", NaN) without any."""
        sizes = np.abs(self.exposures)
        if not known(sizes).any():
            return "", "", float("nan")
        era, feature = np.unravel_index(int(np.nanargmax(sizes)), sizes.shape)
        return self.features[feature], self.eras[era], float(sizes[era, feature])


def collect(
    scored: Sequence[EraScores],
    *,
    names: Sequence[str],
    features: Sequence[str] = (),
    table: Sequence[Score] = SCORES,
) -> tuple[Scorecard, ...]:
    """Eras already scored, in order of time, as one scorecard per prediction column.

    names: of the prediction columns
    features: names of the exposures' columns; their positions where these are not given
    table: that the eras were scored by
    """
    made = [era.features for era in scored]
    width = max((one.exposures.shape[1] for one in made if one), default=0)
    known_as = tuple(features) if len(features) == width else tuple(map(str, range(width)))
    cards = []
    for index, name in enumerate(names):
        scores = np.array([era.scores[:, index] for era in scored])
        cards.append(
            Scorecard(
                name=name,
                table=tuple(table),
                eras=tuple(era.name for era in scored),
                ids=np.array([era.ids for era in scored], dtype=np.int64),
                rows=np.array([era.rows[index] for era in scored], dtype=np.int64),
                scores=scores.reshape(len(scored), len(table)).T.copy(),
                features=known_as,
                exposures=_stacked([one.exposures[index] if one else None for one in made], width),
                halved=_stacked([one.halved[index] if one else None for one in made], width),
                curve=_stacked(
                    [one.curve[index] if one else None for one in made], len(PROPORTIONS)
                ),
            )
        )
    return tuple(cards)


def _stacked(rows: Sequence[FloatArray | None], width: int) -> FloatArray:
    """(len(rows), width), NaN where an era has none."""
    stacked = np.full((len(rows), width), np.nan)
    for place, row in enumerate(rows):
        if row is not None:
            stacked[place] = row
    return stacked


def score_era(
    era: Era, *, table: Sequence[Score] = SCORES, missing_feature: float | None = MISSING_FEATURE
) -> EraScores:
    """All scores of one era that its inputs allow; the others are NaN."""
    arrays = EraArrays(era, missing_feature=missing_feature)
    predictions = [EraPrediction(arrays, place) for place in range(era.predictions.shape[1])]
    scores = [[score.compute(one) for one in predictions] for score in table]
    return EraScores(
        name=era.name,
        ids=len(era.target),
        predicted=np.array([np.count_nonzero(one.predicted) for one in predictions]),
        rows=np.array([np.count_nonzero(one.targeted) for one in predictions]),
        scores=np.array(scores, dtype=np.float64).reshape(len(table), len(predictions)),
        features=arrays.feature_scores,
        likeness=likeness(predictions),
    )


def likeness(predictions: Sequence[EraPrediction]) -> FloatArray:
    """Pearson correlation of every two predictions, ranked and gaussianized, in [-1, 1].

    returns: (n, n), only above the diagonal; NaN where they share less than four fifths of the ids
    or either is constant
    """
    found = np.full((len(predictions), len(predictions)), np.nan)
    for first, second in combinations(range(len(predictions)), 2):
        one, other = predictions[first], predictions[second]
        rows = one.predicted & other.predicted
        if enough(rows):
            found[first, second] = pearson(one.gaussian(rows), other.gaussian(rows))
    return found
