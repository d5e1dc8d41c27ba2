"""Scorecards → tables of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from numeri_cli.commands.validate.summary import MOST_GAINS
from numeri_cli.commands.validate.validation import Difference, PredictionSource, Validation
from numeri_cli.output.formats import number
from numeri_cli.output.html.page import Table
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import FIGURES, Summary, summarize

_ALL = tuple(figure.name for figure in FIGURES)
_UNMARKED = ("std", "drawdown_eras")  # a column's best is no merit by itself
_MOST_ERAS = 1e5  # shown as a number


@dataclass(frozen=True, kw_only=True)
class _ScoreRows:
    """One score of all predictions that have it; figures: names of those that mean something."""

    label: str
    summaries: tuple[tuple[str, Summary], ...]  # by prediction
    figures: tuple[str, ...]
    lower_is_better: bool = False


def score_rows(validation: Validation) -> Table:
    """One row per score and prediction, best of each score and figure marked.

    The payout of an era is what a round would have paid for it, as a share of its stake. Churn is
    of one week.
    """
    rows: list[tuple[str, ...]] = []
    best: set[tuple[int, int]] = set()
    for block in _blocks(validation):
        first = len(rows)
        for name, summary in block.summaries:
            cells = tuple(
                number(figure.of(summary), figure.places) if figure.name in block.figures else ""
                for figure in FIGURES
            )
            alone = len(validation.cards) == 1 and not validation.coverage[0].seen_in_training
            rows.append((block.label if alone else f"{block.label} · {name}", *cells))
        best |= {(first + row, column) for row, column in _best(block)}
    headers = ("score", *(figure.header for figure in FIGURES))
    return Table(headers=headers, rows=tuple(rows), best=frozenset(best))


def _blocks(validation: Validation) -> Iterator[_ScoreRows]:
    cards = validation.cards
    for score in cards[0].table:
        summaries = ((card.name, card.summary(score.name)) for card in cards)
        yield _ScoreRows(
            label=score.long_label,
            summaries=_of_some_era(summaries),
            figures=("mean", "eras") if score.mean_only else _ALL,
            lower_is_better=score.lower_is_better,
        )
    rule = validation.payout
    if rule is not None:
        paid = ((card.name, summarize(card.payout(rule))) for card in cards)
        yield _ScoreRows(label="Payout", summaries=_of_some_era(paid), figures=_ALL)
    churns = ((one.name, summarize(np.array([one.churn]))) for one in validation.sources)
    yield _ScoreRows(
        label="Churn", summaries=_of_some_era(churns), figures=("mean",), lower_is_better=True
    )


def _of_some_era(summaries: Iterator[tuple[str, Summary]]) -> tuple[tuple[str, Summary], ...]:
    return tuple((name, summary) for name, summary in summaries if summary.eras)


def _best(block: _ScoreRows) -> Iterator[tuple[int, int]]:
    """(row of the block, column) of the best of each figure; of one prediction none."""
    summaries = [summary for _, summary in block.summaries]
    if len(summaries) < 2:
        return
    for column, figure in enumerate(FIGURES, start=1):
        if figure.name in block.figures and figure.name not in _UNMARKED:
            place = figure.best(summaries, score_is_lower=block.lower_is_better, least=1)
            if place is not None:
                yield place, column


def difference_rows(differences: tuple[Difference, ...]) -> Table:
    """Every pair with its paired test."""
    rows = []
    for one in differences:
        test = one.test
        known = test.eras_needed < _MOST_ERAS
        rows.append(
            (
                f"{one.first} − {one.second}, {one.score.long_label}",
                number(test.mean_difference, 5),
                number(test.standard_error, 5),
                number(test.t, 2),
                "yes" if test.telling else "no",
                number(test.eras_needed, 0) if known else f"over {_MOST_ERAS:,.0f}",
                str(test.eras),
                str(test.lags),
            )
        )
    headers = (
        *("difference", "mean", "standard error", "t", "told apart", "eras needed", "eras"),
        "lags",
    )
    return Table(headers=headers, rows=tuple(rows))


def likeness_rows(validation: Validation) -> Table:
    """How alike every two sources are."""
    rows = tuple(
        (f"{one.first} and {one.second}", number(one.mean), str(one.eras))
        for one in validation.likeness
    )
    return Table(headers=("predictions", "mean correlation", "eras"), rows=rows)


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
