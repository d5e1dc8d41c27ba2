"""The benchmark's own scores as a line in the charts of a validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from numeri_cli.output.formats import number
from numeri_cli.output.html.page import Chart, Table
from numeri_cli.output.html.style import scored_eras
from numeri_cli.scoring.feature_scores import PROPORTIONS
from numeri_cli.scoring.ranks import FloatArray, known
from numeri_cli.scoring.score_table import CORR
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import summarize

GREY = "#7f8c8d"
_LINE = {"color": GREY, "width": 2, "dash": "dash"}
Points = tuple[Sequence[object], FloatArray]


def with_benchmark(chart: Chart, card: Scorecard) -> Chart:
    """The chart with the benchmark as a dashed line, in its table, too.

    card: the benchmark's own; where it has no such numbers the chart stays as it is
    """
    if chart.id == "neutralization":
        return _along_the_curve(chart, card)
    made = _points(chart, card)
    if made is None or not len(made[1]):
        return chart
    places, values = made
    sideways = chart.id.startswith("exposures-")
    x, y = (values, places) if sideways else (places, values)
    chart.figure.add_scatter(x=x, y=y, name=card.name, mode="lines", line=_LINE)
    return replace(chart, table=_told(chart, card.name, places, values))


def _points(chart: Chart, card: Scorecard) -> Points | None:
    """Where the line goes, and its values; None where the chart has no place for one."""
    kind, _, score = chart.id.partition("-")
    if kind == "cumulative":
        eras, values = scored_eras(card, score)
        if score == "bmc":  # nothing can add to itself
            eras, values = list(card.eras), np.zeros(len(card.eras))
        return eras, np.cumsum(values)
    if chart.id == "per-era":
        return scored_eras(card, CORR.name)
    if chart.id == "correlations":
        return scored_eras(card, "cwmm")
    if chart.id == "rolling-sharpe":
        return _rolling(card, chart.window)
    if chart.id == "distribution":
        return _counts(chart.figure, card)
    if kind == "exposures":
        return _exposures(chart.figure, card)
    return None


def _rolling(card: Scorecard, window: int) -> Points | None:
    eras, values = scored_eras(card, CORR.name)
    if len(values) < window:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(values, window)
    spread = windows.std(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        sharpe = np.where(spread > 0, windows.mean(axis=1) / spread, np.nan)
    return eras[window - 1 :], sharpe


def _counts(figure: Any, card: Scorecard) -> Points | None:
    """How many eras fall into each bar; the outer two take what lies beyond."""
    middles = np.asarray(figure.data[0].x, dtype=np.float64)
    half = (middles[1] - middles[0]) / 2
    edges = np.concatenate([middles - half, [middles[-1] + half]])
    values = scored_eras(card, CORR.name)[1]
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    return list(figure.data[0].x), counts.astype(np.float64)


def _exposures(figure: Any, card: Scorecard) -> Points | None:
    """The benchmark's exposures to the features that the chart shows."""
    if not card.exposures.size:
        return None
    place = {name: number for number, name in enumerate(card.features)}
    names = [name for name in figure.data[0].y if name in place]
    sizes = np.abs(card.exposures[:, [place[name] for name in names]])
    counts = known(sizes).sum(axis=0)
    means = np.nansum(sizes, axis=0) / np.maximum(counts, 1)
    return names, np.where(counts > 0, means, np.nan)


def _along_the_curve(chart: Chart, card: Scorecard) -> Chart:
    """Sharpe and drawdown of the benchmark against how much is neutralized."""
    if not known(card.curve).any():
        return chart
    steps = [summarize(card.curve[:, place]) for place in range(len(PROPORTIONS))]
    for row, values in ((1, [s.sharpe for s in steps]), (2, [s.drawdown for s in steps])):
        chart.figure.add_scatter(
            x=PROPORTIONS,
            y=values,
            name=card.name,
            mode="lines",
            line=_LINE,
            legendgroup=card.name,
            showlegend=row == 1,
            row=row,
            col=1,
        )
    rows = tuple(
        (card.name, f"{part:g}", number(one.mean), number(one.sharpe, 2), number(one.drawdown))
        for part, one in zip(PROPORTIONS, steps, strict=True)
    )
    return replace(chart, table=replace(chart.table, rows=(*chart.table.rows, *rows)))


def _told(chart: Chart, name: str, places: Sequence[object], values: FloatArray) -> Table:
    """The chart's table with the line's values: rows of their own, or a column."""
    table = chart.table
    if chart.id == "distribution" or chart.id.startswith("exposures-"):
        shown = [number(value, 0 if chart.id == "distribution" else 4) for value in values]
        rows = [(*row, cell) for row, cell in zip(table.rows, shown, strict=True)]
        return replace(table, headers=(*table.headers, name), rows=tuple(rows))
    blank = ("",) * (len(table.headers) - 3)
    added = [
        (name, str(place), *(blank[:1]), number(value), *blank[1:])
        for place, value in zip(places, values, strict=True)
    ]
    return replace(table, rows=(*table.rows, *added))
