"""Scorecards → tables of text."""

from __future__ import annotations

from collections.abc import Callable

from numeri_cli.report.content import LABELS, Comparison, ReportContent, Table, number
from numeri_cli.scoring.scorecard import LOWER_IS_BETTER, SCORES
from numeri_cli.scoring.summary import Summary

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


def score_table(content: ReportContent) -> Table:
    """One row per score and prediction, best of each score and figure marked."""
    rows: list[tuple[str, ...]] = []
    best: set[tuple[int, int]] = set()
    for score in SCORES:
        cards = [card for card in content.cards if card.has(score)]
        summaries = [card.summary(score) for card in cards]
        shown = [fig for fig in _FIGURES if score not in _MEAN_ONLY or fig[0] in ("mean", "eras")]
        first = len(rows)
        for card, summary in zip(cards, summaries, strict=True):
            cells = tuple(
                number(figure(summary), places) if (header, figure, places, less) in shown else ""
                for header, figure, places, less in _FIGURES
            )
            name = LABELS[score]
            rows.append((f"{name} · {card.name}" if len(content.cards) > 1 else name, *cells))
        if len(cards) < 2:
            continue
        for column, (header, figure, places, less) in enumerate(_FIGURES, start=1):
            if less is None or (header, figure, places, less) not in shown:
                continue
            lower = less != (score in LOWER_IS_BETTER and header == "mean")
            values = {at: figure(summary) for at, summary in enumerate(summaries)}
            there = {at: value for at, value in values.items() if value == value}  # noqa: PLR0124
            if there:
                choose = min if lower else max
                best.add((first + choose(there, key=lambda at: there[at]), column))
    return Table(("score", *(header for header, *_ in _FIGURES)), tuple(rows), frozenset(best))


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
