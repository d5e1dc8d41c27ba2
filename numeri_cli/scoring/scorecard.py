"""Many eras, given in order, one or many predictions → a table of scores per era for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from numeri_cli.scoring.feature_scores import PROPORTIONS, FeatureScores, feature_scores
from numeri_cli.scoring.neutral import MISSING_FEATURE
from numeri_cli.scoring.ranks import FloatArray, NumberArray, gaussianize, known
from numeri_cli.scoring.scores import (
    MOST_LOST,
    centred,
    contribution_gaussian,
    corr_gaussian,
)
from numeri_cli.scoring.summary import PayoutRule, Summary, summarize

SCORES = (
    "corr",
    "mmc",
    "bmc",  # contribution to the benchmark instead
    "fnc",
    "cwmm",
    "cwbm",  # correlation with the benchmark instead
    "tb200",
    "max_exposure",
    "mean_exposure",
)
LOWER_IS_BETTER = ("cwmm", "cwbm", "max_exposure", "mean_exposure")
_EXTREMES = 200


@dataclass(frozen=True, eq=False)
class Era:
    """What the scores of one era rest on, everything in the same order of ids.

    predictions: (n_ids, n_predictions), NaN where an id has none
    target, meta_model, benchmark: (n_ids,), NaN where unknown; without them no such score
    features: (n_ids, n_features) for fnc and the exposures
    """

    name: str
    predictions: NumberArray
    target: NumberArray
    meta_model: NumberArray | None = None
    benchmark: NumberArray | None = None
    features: NumberArray | None = None


@dataclass(frozen=True, eq=False)
class EraScores:
    """What the inputs of one era came to.

    ids: of the era; predicted: (n_predictions,) ids with a prediction; rows: with a target, too
    scores: (len(SCORES), n_predictions)
    features: what the features have to do with it; None where there are none
    """

    name: str
    ids: int
    predicted: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    scores: FloatArray
    features: FeatureScores | None = None


@dataclass(frozen=True, eq=False)
class Scorecard:
    """All scores of one prediction.

    rows: (n_eras,) ids that have both a prediction and a target; ids: (n_eras,) all of the era
    scores: (len(SCORES), n_eras), NaN where there is no such score
    exposures, halved: (n_eras, n_features), correlations with `features`, as it is and after
    neutralization by half
    curve: (n_eras, len(PROPORTIONS)), CORR after neutralization by so much
    """

    name: str
    eras: tuple[str, ...]
    ids: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    scores: FloatArray
    features: tuple[str, ...] = ()
    exposures: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    halved: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    curve: FloatArray = field(default_factory=lambda: np.empty((0, len(PROPORTIONS))))

    def score(self, name: str) -> FloatArray:
        """(n_eras,) of one of SCORES."""
        return np.asarray(self.scores[SCORES.index(name)], dtype=np.float64)

    def has(self, name: str) -> bool:
        """Whether any era has this score."""
        return bool(known(self.score(name)).any())

    def summary(self, name: str) -> Summary:
        """Mean, Sharpe, drawdown and the rest, over the eras that have the score."""
        return summarize(self.score(name))

    def payout(self, rule: PayoutRule) -> FloatArray:
        """(n_eras,) what the rule would have paid, as a share of the stake."""
        return rule.per_era([self.score(name) for name, _ in rule.multipliers])

    def largest_exposure(self) -> tuple[str, str, float]:
        """The feature, the era and the size of the largest exposure; ("", "", NaN) without any."""
        sizes = np.abs(self.exposures)
        if not known(sizes).any():
            return "", "", float("nan")
        era, feature = np.unravel_index(int(np.nanargmax(sizes)), sizes.shape)
        return self.features[feature], self.eras[era], float(sizes[era, feature])


def score_eras(
    eras: Iterable[Era], *, names: Sequence[str], features: Sequence[str] = ()
) -> tuple[Scorecard, ...]:
    """One scorecard per prediction column.

    eras: in order of time; may be a generator, one era is held at a time
    names: of the prediction columns; features: names of the feature columns, where there are any
    """
    return collect([score_era(era) for era in eras], names=names, features=features)


def collect(
    scored: Sequence[EraScores], *, names: Sequence[str], features: Sequence[str] = ()
) -> tuple[Scorecard, ...]:
    """Eras already scored, in order of time, as one scorecard per prediction column.

    features: names of the exposures' columns; their positions where these are not given
    """
    made = [era.features for era in scored]
    width = max((one.exposures.shape[1] for one in made if one), default=0)
    known_as = tuple(features) if len(features) == width else tuple(map(str, range(width)))
    cards = []
    for index, name in enumerate(names):
        table = np.array([era.scores[:, index] for era in scored])
        cards.append(
            Scorecard(
                name=name,
                eras=tuple(era.name for era in scored),
                ids=np.array([era.ids for era in scored], dtype=np.int64),
                rows=np.array([era.rows[index] for era in scored], dtype=np.int64),
                scores=table.reshape(len(scored), len(SCORES)).T.copy(),
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


def score_era(era: Era, *, missing_feature: float = MISSING_FEATURE) -> EraScores:
    """All scores of one era that its inputs allow; the others are NaN."""
    width = era.predictions.shape[1]
    scores = np.full((len(SCORES), width), np.nan)
    rows = np.zeros(width, dtype=np.int64)
    aim = centred(era.target)
    others = _Gaussians()
    for index in range(width):
        column = np.ascontiguousarray(era.predictions[:, index])
        rows[index] = _score_prediction(era, column, aim, others, scores[:, index])
    exposed = None
    if era.features is not None and era.features.shape[1]:
        exposed = feature_scores(
            era.predictions, era.features, era.target, missing_feature=missing_feature
        )
        scores[SCORES.index("fnc")] = exposed.fnc
        sizes = np.abs(exposed.exposures)
        some = known(sizes).any(axis=1)
        scores[SCORES.index("max_exposure"), some] = np.nanmax(sizes[some], axis=1)
        scores[SCORES.index("mean_exposure"), some] = np.nanmean(sizes[some], axis=1)
    predicted = known(era.predictions).sum(axis=0)
    return EraScores(era.name, len(era.target), predicted, rows, scores, exposed)


class _Gaussians:
    """Meta model and benchmark, gaussianized once for all predictions on the same rows."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, bytes], FloatArray] = {}

    def of(self, name: str, values: NumberArray, rows: npt.NDArray[np.bool_]) -> FloatArray:
        key = (name, rows.tobytes())
        if key not in self._made:
            self._made[key] = gaussianize(values[rows])
        return self._made[key]


def _score_prediction(
    era: Era, column: NumberArray, aim: FloatArray, others: _Gaussians, scores: FloatArray
) -> int:
    """Fill one prediction's scores, (len(SCORES),); returns the ids that have all it takes."""
    predicted = known(column)
    targeted = predicted & known(aim)
    own = _Gaussians()
    if _enough(targeted):
        gaussian, target = own.of("", column, targeted), aim[targeted]
        scores[SCORES.index("corr")] = corr_gaussian(gaussian, target)
        scores[SCORES.index("tb200")] = corr_gaussian(gaussian, target, top_bottom=_EXTREMES)
    for score, values in (("mmc", era.meta_model), ("bmc", era.benchmark)):
        if values is None:
            continue
        joined = targeted & known(values)
        if _enough(joined):
            scores[SCORES.index(score)] = contribution_gaussian(
                own.of("", column, joined), others.of(score, values, joined), era.target[joined]
            )
    for score, values in (("cwmm", era.meta_model), ("cwbm", era.benchmark)):
        if values is None:
            continue
        joined = predicted & known(values)
        if _enough(joined):
            scores[SCORES.index(score)] = corr_gaussian(
                own.of("", column, joined), centred(values)[joined], target_power=1
            )
    return int(np.count_nonzero(targeted))


def _enough(present: npt.NDArray[np.bool_]) -> bool:
    count = int(np.count_nonzero(present))
    return count > 0 and count / len(present) >= 1 - MOST_LOST
