"""The scores: one row each, and the function that computes it for one prediction of an era.

Scorecard, terminal, report, diagnostics and payout read this table; there is no other list of
scores. A new score is a function and a row here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from numeri_cli.scoring.era import EraPrediction, Other
from numeri_cli.scoring.ranks import FloatArray, known
from numeri_cli.scoring.scores import centred, contribution_gaussian, corr_gaussian, enough

NAN = float("nan")
LARGEST = "max"  # the largest of all eras, a figure that only the server's diagnostics have
_EXTREMES = 200


@dataclass(frozen=True, kw_only=True)
class Score:
    """What the program knows of one score.

    label: what people call it, in the terminal and on the page
    compute: one prediction of one era → its score, NaN where there is none
    source: of the formula
    meaning: a sentence for the page; scores that share one are explained together
    in_detail: shown with Sharpe, drawdown and the rest in the terminal, pairs tested on the page
    mean_only: of it only the mean says something
    has_curve: the page draws its running sum
    is_paid: rounds may pay on it by a formula that can be worked out here
    against_benchmark: rests on a benchmark
    server_figures: what the server's diagnostics tell of it: figures of a summary, or LARGEST
    """

    name: str
    label: str
    compute: Callable[[EraPrediction], float]
    source: str
    meaning: str = ""
    lower_is_better: bool = False
    in_detail: bool = False
    mean_only: bool = False
    has_curve: bool = False
    is_paid: bool = False
    against_benchmark: bool = False
    server_figures: tuple[str, ...] = ()


def _corr(one: EraPrediction, *, top_bottom: int | None = None) -> float:
    """CORR over the ids that have a prediction and a target, in [-1, 1]; NaN where too few have.

    top_bottom: only so many ids with the highest, and as many with the lowest predictions
    """
    rows = one.targeted
    if not enough(rows):
        return NAN
    target = one.arrays.centred_target[rows]
    return corr_gaussian(one.gaussian(rows), target, top_bottom=top_bottom)


def _contribution(one: EraPrediction, other: Other) -> float:
    """What a prediction adds to the meta model or the benchmark; NaN where that is not known."""
    values = one.arrays.other(other)
    if values is None:
        return NAN
    rows = one.targeted & known(values)
    if not enough(rows):
        return NAN
    gaussian = one.arrays.other_gaussian(other, rows)
    return contribution_gaussian(one.gaussian(rows), gaussian, target=one.arrays.era.target[rows])


def _correlation(one: EraPrediction, other: Other) -> float:
    """Correlation with the meta model or the benchmark, in [-1, 1]; NaN where it is not known."""
    values = one.arrays.other(other)
    if values is None:
        return NAN
    rows = one.predicted & known(values)
    if not enough(rows):
        return NAN
    return corr_gaussian(one.gaussian(rows), centred(values)[rows], target_power=1)


def _fnc(one: EraPrediction) -> float:
    """CORR after everything linear in the features is taken out; NaN without features."""
    made = one.arrays.feature_scores
    return NAN if made is None else float(made.fnc[one.place])


def _exposure(one: EraPrediction, of_sizes: Callable[[FloatArray], FloatArray]) -> float:
    """One figure of the sizes of all correlations with features, in [0, 1]; NaN without features.

    of_sizes: (n_features,) sizes, some NaN → the figure
    """
    made = one.arrays.feature_scores
    if made is None:
        return NAN
    sizes = np.abs(made.exposures[one.place])
    return float(of_sizes(sizes)) if known(sizes).any() else NAN


_EXPOSURE = "How strongly the prediction follows single features, by its correlation with each."

SCORES = (
    Score(
        name="corr",
        label="CORR",
        compute=_corr,
        source="numerai-tools 0.7.2, scoring.numerai_corr",
        meaning="Correlation of the ranked, gaussianized prediction with the target, both raised "
        "to 1.5: what the tournament pays on.",
        in_detail=True,
        has_curve=True,
        is_paid=True,
        server_figures=("mean", "std", "sharpe", "drawdown"),
    ),
    Score(
        name="mmc",
        label="MMC",
        compute=lambda one: _contribution(one, "meta_model"),
        source="numerai-tools 0.7.2, scoring.correlation_contribution",
        meaning="What the prediction adds to the meta model.",
        in_detail=True,
        has_curve=True,
        is_paid=True,
        server_figures=("mean", "std", "sharpe"),
    ),
    Score(
        name="bmc",
        label="BMC",
        compute=lambda one: _contribution(one, "benchmark"),
        source="numerai-tools 0.7.2, scoring.correlation_contribution",
        meaning="What the prediction adds to the benchmark, a model of Numerai’s own.",
        has_curve=True,
        against_benchmark=True,
        server_figures=("mean",),
    ),
    Score(
        name="fnc",
        label="FNC",
        compute=_fnc,
        source="numerai-tools 0.7.2, scoring.feature_neutral_corr",
        meaning="CORR after everything linear in the features is taken out.",
        server_figures=("mean",),
    ),
    Score(
        name="cwmm",
        label="CWMM",
        compute=lambda one: _correlation(one, "meta_model"),
        source="numerai-tools 0.7.2, scoring.numerai_corr with target_pow15=False",
        meaning="Correlation with the meta model: lower is more of one’s own.",
        lower_is_better=True,
        mean_only=True,
    ),
    Score(
        name="cwbm",
        label="CWBM",
        compute=lambda one: _correlation(one, "benchmark"),
        source="numerai-tools 0.7.2, scoring.numerai_corr with target_pow15=False",
        meaning="Correlation with the benchmark: lower is less of a copy of Numerai’s own model.",
        lower_is_better=True,
        mean_only=True,
        against_benchmark=True,
    ),
    Score(
        name="tb200",
        label="TB200",
        compute=lambda one: _corr(one, top_bottom=_EXTREMES),
        source="numerai-tools 0.7.2, scoring.numerai_corr with top_bottom=200",
        meaning="CORR of the 200 highest and the 200 lowest predictions alone.",
    ),
    Score(
        name="max_exposure",
        label="max exposure",
        compute=lambda one: _exposure(one, np.nanmax),
        source="numerai-tools 0.7.2, scoring.max_feature_correlation",
        meaning=_EXPOSURE,
        lower_is_better=True,
        mean_only=True,
        server_figures=(LARGEST,),
    ),
    Score(
        name="mean_exposure",
        label="mean exposure",
        compute=lambda one: _exposure(one, np.nanmean),
        source="mean size of the correlations behind max_exposure",
        meaning=_EXPOSURE,
        lower_is_better=True,
        mean_only=True,
    ),
)
CORR = SCORES[0]  # what models are told apart by


def score_named(name: str, table: Sequence[Score] = SCORES) -> Score:
    """The row of a score. Raises KeyError."""
    found = next((score for score in table if score.name == name), None)
    if found is None:
        raise KeyError(name)
    return found
