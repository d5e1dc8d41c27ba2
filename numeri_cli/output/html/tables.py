"""Scorecards → tables of text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from numeri_cli.commands.validate.figure_lines import PAYOUT, FigureLine, figure_lines
from numeri_cli.commands.validate.summary import MOST_GAINS, ValidationSummary
from numeri_cli.commands.validate.validation import Difference, PredictionSource, Validation
from numeri_cli.output.formats import ABSENT, figure_text, number
from numeri_cli.output.html.page import Table
from numeri_cli.scoring.paired_test import compare
from numeri_cli.scoring.score_table import CORR
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import FIGURES, summarize

_MOST_ERAS = 1e5  # shown as a number
_OF_MEANS = ("mean", "eras")


def score_rows(summary: ValidationSummary) -> Table:
    """The lines of the terminal: one for each figure, models as columns.

    What is better than all others by more than noise is marked.
    """
    return _table(summary.lines, [source.name for source in summary.sources])


def figure_rows(validation: Validation) -> Table:
    """Every figure of every score, models as columns."""
    lines: list[FigureLine] = []
    for score in validation.scores:
        series = [card.score(score.name) for card in validation.cards]
        shown = [one for one in FIGURES if not score.mean_only or one.name in _OF_MEANS]
        lines += figure_lines(score.label, series, shown, lags=validation.lags, score=score)
    if validation.payout_series:
        lines += figure_lines(PAYOUT, validation.payout_series, FIGURES, lags=validation.lags)
    return _table(lines, [card.name for card in validation.cards])


def _table(lines: Sequence[FigureLine], names: Sequence[str]) -> Table:
    rows = tuple(
        (line.label, *(figure_text(value, line.places, line.unit) for value in line.values))
        for line in lines
    )
    best = frozenset(
        (row, line.best + 1) for row, line in enumerate(lines) if line.best is not None
    )
    return Table(headers=("figure", *names), rows=rows, best=best)


def target_rows(validation: Validation) -> Table:
    """Each model on each target side by side; no rows where there is but one target."""
    both = (validation, *validation.others)
    names = [source.name for source in validation.sources]
    figures = ("mean", "standard error", "Sharpe")
    headers = [f"{CORR.label} {one} on {other.target}" for other in both for one in figures]
    rows = []
    for place, name in enumerate(names):
        cells = []
        for other in both:
            corr = other.cards[place].score(CORR.name)
            test = compare(corr, np.zeros(len(corr)), lags=other.lags)
            summary = summarize(corr)
            cells += [number(summary.mean), number(test.standard_error), number(summary.sharpe, 2)]
        rows.append((name, *cells))
    return Table(headers=("model", *headers), rows=tuple(rows) if validation.others else ())


def left_out_rows(summary: ValidationSummary) -> Table:
    """Eras that do not count, and why."""
    rows = tuple((one.words, str(one.eras)) for one in summary.left_out)
    return Table(headers=("left out", "eras"), rows=rows)


def difference_rows(differences: tuple[Difference, ...]) -> Table:
    """Every pair with its paired test."""
    rows = []
    for one in differences:
        test = one.test
        needed = test.eras_to_tell
        rows.append(
            (
                f"{one.first} − {one.second}, {one.score.label}",
                number(test.mean_difference, 5),
                number(test.standard_error, 5),
                number(test.t, 2),
                number(test.limit, 2) if math.isfinite(test.limit) else ABSENT,
                "yes" if test.beyond_noise else "no",
                number(needed, 0) if needed < _MOST_ERAS else f"over {_MOST_ERAS:,.0f}",
                str(test.eras),
                str(test.lags),
            )
        )
    headers = (
        *("difference", "mean", "standard error", "t", "limit", "more than noise"),
        *("eras needed", "eras", "lags"),
    )
    return Table(headers=headers, rows=tuple(rows))


def likeness_rows(validation: Validation) -> Table:
    """The mean correlation of every two sources, each with each."""
    names = [source.name for source in validation.sources]
    known = {(one.first, one.second): number(one.mean, 3) for one in validation.likeness}
    rows = tuple((first, *(_like(known, first, second) for second in names)) for first in names)
    return Table(headers=("model", *names), rows=rows if known else ())


def _like(known: Mapping[tuple[str, str], str], first: str, second: str) -> str:
    if first == second:
        return "1"
    return known.get((first, second)) or known.get((second, first)) or ABSENT


def gain_rows(source: PredictionSource) -> Table:
    """The features that a model's trees rest on most, with their share of the gain."""
    rows = tuple(
        (feature, f"{number(100 * share, 2)} %")
        for feature, share in source.gain_importance[:MOST_GAINS]
    )
    return Table(headers=("feature", "share of the gain"), rows=rows)


def coverage_rows(cards: tuple[Scorecard, ...]) -> Table:
    """On how much each prediction was scored."""
    rows = []
    for card in cards:
        ids, scored = int(card.ids.sum()), int(card.rows.sum())
        eras = int(np.count_nonzero(card.rows))
        share = number(100 * scored / ids if ids else None, 1)
        rows.append((card.name, f"{scored:,}", f"{ids:,}", f"{share} %", str(eras)))
    headers = ("prediction", "ids scored", "ids of these eras", "share", "eras")
    return Table(headers=headers, rows=tuple(rows))
