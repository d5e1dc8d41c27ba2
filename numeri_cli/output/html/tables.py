"""Scorecards → tables of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from numeri_cli.output.formats import number
from numeri_cli.output.html.content import LABELS, Comparison, ReportContent, Table
from numeri_cli.scoring.scorecard import LOWER_IS_BETTER, SCORES
from numeri_cli.scoring.summary import Summary, summarize

# (header, figure, decimals, whether less is better; None where neither is)
_FIGURES: tuple[tuple[str, Callable[[Summary], float], int, bool | None], ...] = (
    ("mean", lambda s: s.mean, 4, False),
    ("std", lambda s: s.std, 4, None),
    ("Sharpe", lambda s: s.sharpe, 2, False),
    ("smart Sharpe", lambda s: s.smart_sharpe, 2, False),
    ("drawdown", lambda s: s.drawdown, 4, True),
    ("its eras", lambda s: s.drawdown_eras, 0, None),
    ("above 0", lambda s: s.positive, 2, False),
    ("autocorr.", lambda s: s.autocorrelation, 2, None),
    ("last 20", lambda s: s.last_20, 4, False),
    ("last 52", lambda s: s.last_52, 4, False),
    ("eras", lambda s: s.eras, 0, None),
)
_MEAN_ONLY = ("cwmm", "cwbm", "max_exposure", "mean_exposure")


@dataclass(frozen=True)
class _Block:
    """One score of all predictions that have it; figures: headers of those that mean something."""

    label: str
    summaries: tuple[tuple[str, Summary], ...]  # by prediction
    figures: tuple[str, ...]
    lower_is_better: bool = False


def score_table(content: ReportContent) -> Table:
    """One row per score and prediction, best of each score and figure marked.

    The payout of an era is what a round would have paid for it, as a share of its stake. Churn is
    of one week.
    """
    rows: list[tuple[str, ...]] = []
    best: set[tuple[int, int]] = set()
    for block in _blocks(content):
        first = len(rows)
        for name, summary in block.summaries:
            cells = tuple(
                number(figure(summary), places) if header in block.figures else ""
                for header, figure, places, _ in _FIGURES
            )
            label = f"{block.label} · {name}" if len(content.cards) > 1 else block.label
            rows.append((label, *cells))
        best |= {(first + row, column) for row, column in _best(block)}
    return Table(("score", *(header for header, *_ in _FIGURES)), tuple(rows), frozenset(best))


def _blocks(content: ReportContent) -> Iterator[_Block]:
    everything = tuple(header for header, *_ in _FIGURES)
    for score in SCORES:
        yield _Block(
            LABELS[score],
            tuple((card.name, card.summary(score)) for card in content.cards if card.has(score)),
            ("mean", "eras") if score in _MEAN_ONLY else everything,
            score in LOWER_IS_BETTER,
        )
    rule = content.payout
    if rule is not None:
        paid = [(card.name, summarize(card.payout(rule))) for card in content.cards]
        yield _Block("Payout", tuple(one for one in paid if one[1].eras), everything)
    churns = [
        (card.name, summarize(np.array([churn])))
        for card, churn in zip(content.cards, content.churn, strict=False)
    ]
    yield _Block("Churn", tuple(one for one in churns if one[1].eras), ("mean",), True)


def _best(block: _Block) -> Iterator[tuple[int, int]]:
    """(row of the block, column) of the best of each figure; of one prediction none."""
    if len(block.summaries) < 2:
        return
    for column, (header, figure, _, less) in enumerate(_FIGURES, start=1):
        if less is None or header not in block.figures:
            continue
        choose = min if less != (block.lower_is_better and header == "mean") else max
        values = [figure(summary) for _, summary in block.summaries]
        there = {at: value for at, value in enumerate(values) if value == value}  # noqa: PLR0124
        if there:
            yield choose(there, key=there.__getitem__), column


def comparison_table(comparisons: tuple[Comparison, ...]) -> Table:
    """Every pair with its paired test."""
    rows = []
    for one in comparisons:
        test = one.test
        needed = number(test.eras_needed, 0) if test.eras_needed < 1e5 else "over 100,000"
        verdict = "yes" if test.telling else "no"
        rows.append(
            (
                f"{one.first} − {one.second}, {LABELS[one.score]}",
                number(test.mean_difference, 5),
                number(test.standard_error, 5),
                number(test.t, 2),
                verdict,
                needed,
                str(test.eras),
            )
        )
    headers = ("difference", "mean", "standard error", "t", "told apart", "eras needed", "eras")
    return Table(headers, tuple(rows))


def coverage_table(content: ReportContent) -> Table:
    """On how much each prediction was scored."""
    rows = []
    for card in content.cards:
        ids, there = int(card.ids.sum()), int(card.rows.sum())
        eras = sum(count > 0 for count in card.rows.tolist())
        share = number(100 * there / ids if ids else float("nan"), 1)
        rows.append((card.name, f"{there:,}", f"{ids:,}", f"{share} %", str(eras)))
    headers = ("prediction", "ids scored", "ids of these eras", "share", "eras")
    return Table(headers, tuple(rows))
