"""The figures of a validation in lines, one figure of every source in each.

The terminal shows them, `--json` tells them and the page has them as its table, so that a figure
has one name and one value everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from numeri_cli.commands.validate.outlook import SourceOutlook
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.published import Published
from numeri_cli.scoring.noise import best_beyond_noise
from numeri_cli.scoring.ranks import FloatArray
from numeri_cli.scoring.score_table import CORR, Score
from numeri_cli.scoring.summary import FIGURES, Figure, summarize

PAYOUT = "payout"
_OF_PAYOUT = ("mean", "positive")
_ON_OTHER_TARGETS = ("mean", "sharpe")
_RECENT = ("last_20", "last_52")  # left out where no source has so many eras


@dataclass(frozen=True, kw_only=True)
class FigureLine(Published):
    """One figure of every source.

    best: the place of the one that is better than every other by more than noise; None where none
    is, or where the figure of one history cannot say
    unit: "%" where the values are shares that are shown in per cent; places: decimals as shown
    """

    label: str
    values: tuple[float, ...]
    best: int | None
    places: int = 4
    unit: str = ""


def shown_lines(validation: Validation, outlooks: Sequence[SourceOutlook]) -> Iterator[FigureLine]:
    """A line for each figure of each score that is shown in the terminal.

    outlooks: of the sources, in their order
    """
    lags, cards = validation.lags, validation.cards
    for score in validation.scores:
        series = [card.score(score.name) for card in cards]
        figures = [
            one for one in FIGURES if one.in_terminal and (one.name == "mean" or score.in_detail)
        ]
        lines = figure_lines(score.label, series, figures, lags=lags, score=score)
        if score is not CORR:
            yield from lines
            continue
        yield next(lines)
        errors = tuple(one.corr_error for one in outlooks)
        yield FigureLine(label=f"{CORR.label} standard error", values=errors, best=None)
        yield from lines
    paid = validation.payout_series
    if paid:
        figures = [one for one in FIGURES if one.name in _OF_PAYOUT]
        yield from figure_lines(PAYOUT, paid, figures, lags=lags)
    yield from _outlook_lines(outlooks, paid=bool(paid))
    for other in validation.others:
        for score in other.scores:
            yield from figure_lines(
                score.label,
                [card.score(score.name) for card in other.cards],
                [figure for figure in FIGURES if figure.name in _ON_OTHER_TARGETS],
                lags=other.lags,
                score=score,
                target=other.target,
            )
    churns = [source.churn for source in validation.sources]
    if not all(map(math.isnan, churns)):
        yield FigureLine(label="churn in a week", values=tuple(churns), best=None)


def _outlook_lines(found: Sequence[SourceOutlook], *, paid: bool) -> Iterator[FigureLine]:
    """What a year of stake earns, and how often and how much a quarter loses."""
    of = PAYOUT if paid else CORR.label
    worst = (1, "%") if paid else (4, "")
    rows = (
        (f"{PAYOUT} a year", [one.payout_a_year for one in found], 1, "%"),
        (f"{of} losing quarters", [one.losing_quarters for one in found], 0, "%"),
        (f"{of} worst quarter", [one.worst_quarter for one in found], *worst),
    )
    for label, values, places, unit in rows:
        if not all(map(math.isnan, values)):
            yield FigureLine(label=label, values=tuple(values), best=None, places=places, unit=unit)


def figure_lines(
    label: str,
    series: Sequence[FloatArray],
    figures: Sequence[Figure],
    *,
    lags: int,
    score: Score | None = None,
    target: str = "",
) -> Iterator[FigureLine]:
    """The figures of one score, those of recent eras only where any source has so many.

    series: (n_eras,) of each source; score: decides which mean is the better one
    target: where it is not the one that all else is scored on
    """
    summaries = [summarize(one) for one in series]
    short = target.removeprefix("target_")
    for figure in figures:
        values = tuple(figure.of(one) for one in summaries)
        if figure.name in _RECENT and all(map(math.isnan, values)):
            continue
        best = best_beyond_noise(
            figure, series, score_is_lower=bool(score and score.lower_is_better), lags=lags
        )
        yield FigureLine(
            label=f"{label} {figure.label}{f' on {short}' if target else ''}",
            values=values,
            best=best,
            places=figure.places,
        )
