"""Scorecards → figures, each with its words and its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from numeri_cli.output.formats import number
from numeri_cli.output.html.benchmark_line import with_benchmark
from numeri_cli.output.html.feature_charts import (
    Earlier,
    exposed_features,
    neutralization_curve,
    widest_exposure,
)
from numeri_cli.output.html.page import Chart, Table
from numeri_cli.output.html.style import (
    add_line,
    coloured,
    empty_figure,
    era_figure,
    scored_eras,
    translucent,
)
from numeri_cli.scoring.ranks import known
from numeri_cli.scoring.score_table import CORR, Score
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import summarize, underwater

ROLLING_ERAS = 20
MOST_EXPOSED_SHOWN = 4
_EDGES = 24


def all_charts(
    cards: tuple[Scorecard, ...],
    benchmark: str | None,
    benchmark_card: Scorecard | None = None,
    *,
    earlier: Mapping[str, Earlier] | None = None,
) -> Iterator[Chart]:
    """Every chart for which there are numbers, in the order of the page.

    cards: one per prediction, over the same eras; benchmark: its name
    benchmark_card: the benchmark's own scores, a line in every chart; None where there is none
    earlier: by name, the predictions of those cards before they were neutralized
    """
    for chart in _charts(cards, benchmark, earlier or {}):
        yield chart if benchmark_card is None else with_benchmark(chart, benchmark_card)


def _charts(
    cards: tuple[Scorecard, ...], benchmark: str | None, earlier: Mapping[str, Earlier]
) -> Iterator[Chart]:
    for score in cards[0].table:
        if score.has_curve and any(card.has(score.name) for card in cards):
            yield cumulative(cards, score)
    yield per_era(cards)
    if max(int(known(card.score(CORR.name)).sum()) for card in cards) > rolling_window(cards):
        yield rolling_sharpe(cards)
    yield distribution(cards)
    if any(card.has("cwmm") or card.has("cwbm") for card in cards):
        yield correlations(cards, benchmark)
    exposed = [card for card in cards[:MOST_EXPOSED_SHOWN] if card.has("max_exposure")]
    widest = widest_exposure(exposed, earlier)
    for card in exposed:
        yield exposed_features(card, earlier.get(card.name), widest=widest)
    if any(known(card.curve).any() for card in cards):
        yield neutralization_curve(cards, earlier)


def cumulative(cards: tuple[Scorecard, ...], score: Score) -> Chart:
    """The running sum of a score, the drop below its last high shaded."""
    label = score.label
    figure = era_figure(f"cumulative {label}", cards)
    words, rows = [], []
    for card, colour in coloured(cards):
        eras, values = scored_eras(card, score.name)
        if not len(values):
            continue
        total = np.cumsum(values)
        figure.add_scatter(
            x=eras,
            y=total + underwater(values),
            mode="lines",
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            legendgroup=card.name,
        )
        figure.add_scatter(
            x=eras,
            y=total,
            name=card.name,
            mode="lines",
            line={"color": colour, "width": 2},
            fill="tonexty",
            fillcolor=translucent(colour),
            legendgroup=card.name,
        )
        depth = summarize(values).drawdown
        words.append(
            f"{card.name} reaches {number(total[-1], 3)} after {len(eras)} eras; "
            f"its deepest fall is {number(depth, 3)}"
        )
        rows += [
            (card.name, era, number(value), number(sum_), number(low))
            for era, value, sum_, low in zip(eras, values, total, underwater(values), strict=True)
        ]
    table = Table(
        headers=("prediction", "era", label, "cumulative", "below its high"), rows=tuple(rows)
    )
    return Chart(
        id=f"cumulative-{score.name}",
        title=f"Cumulative {label}",
        words=". ".join(words) + ". Shaded: the drop below the last high.",
        figure=figure,
        table=table,
    )


def per_era(cards: tuple[Scorecard, ...]) -> Chart:
    """CORR of every era as bars; of several predictions the first is shown at once."""
    figure = era_figure(CORR.label, cards)
    words, rows = [], []
    for card, colour in coloured(cards):
        eras, values = scored_eras(card, CORR.name)
        figure.add_bar(
            x=eras,
            y=values,
            name=card.name,
            marker={"color": colour, "line": {"width": 0}},
            visible=True if len(cards) < 3 or card is cards[0] else "legendonly",
        )
        if len(values):
            words.append(
                f"{card.name} is above zero in {int((values > 0).sum())} of {len(values)} eras, "
                f"between {number(values.min(), 3)} and {number(values.max(), 3)}"
            )
        rows += [(card.name, era, number(value)) for era, value in zip(eras, values, strict=True)]
    figure.update_layout(bargap=0.15)
    table = Table(headers=("prediction", "era", CORR.label), rows=tuple(rows))
    return Chart(
        id="per-era",
        title=f"{CORR.label} of every era",
        words=". ".join(words) + ".",
        figure=figure,
        table=table,
    )


def rolling_window(cards: tuple[Scorecard, ...]) -> int:
    """Eras of the rolling Sharpe: 20, or a third of what there is, but never under 5."""
    most = max(int(known(card.score(CORR.name)).sum()) for card in cards)
    return max(5, min(ROLLING_ERAS, most // 3))


def rolling_sharpe(cards: tuple[Scorecard, ...]) -> Chart:
    """Mean over std of the last eras."""
    window = rolling_window(cards)
    figure = era_figure(f"Sharpe of {window} eras", cards)
    words, rows = [], []
    for card, colour in coloured(cards):
        eras, values = scored_eras(card, CORR.name)
        if len(values) < window:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(values, window)
        spread = windows.std(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            sharpe = np.where(spread > 0, windows.mean(axis=1) / spread, np.nan)
        last = eras[window - 1 :]
        add_line(figure, last, values=sharpe, name=card.name, colour=colour)
        words.append(
            f"{card.name} lies between {number(np.nanmin(sharpe), 2)} and "
            f"{number(np.nanmax(sharpe), 2)} and ends at {number(sharpe[-1], 2)}"
        )
        rows += [(card.name, era, number(one, 2)) for era, one in zip(last, sharpe, strict=True)]
    table = Table(headers=("prediction", "last era", "Sharpe"), rows=tuple(rows))
    return Chart(
        id="rolling-sharpe",
        title=f"Sharpe of {CORR.label} over {window} eras",
        words=". ".join(words) + ".",
        figure=figure,
        table=table,
        window=window,
    )


def distribution(cards: tuple[Scorecard, ...]) -> Chart:
    """How often CORR fell where."""
    values = {card.name: scored_eras(card, CORR.name)[1] for card in cards}
    everything = np.concatenate(list(values.values()))
    low, high = (everything.min(), everything.max()) if len(everything) else (0.0, 1.0)
    if low == high:
        low, high = low - 0.01, high + 0.01
    edges = np.linspace(low, high, min(_EDGES, max(6, len(everything) // 3)) + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    figure = empty_figure("eras", x_title=CORR.label)
    counts = []
    words = []
    for card, colour in coloured(cards):
        found = np.histogram(values[card.name], edges)[0]
        counts.append(found)
        figure.add_bar(
            x=middles,
            y=found,
            name=card.name,
            marker={"color": colour, "line": {"width": 0}},
            opacity=1 if len(cards) == 1 else 0.6,
            width=np.diff(edges) * 0.95,
        )
        middle = float(np.median(values[card.name])) if len(values[card.name]) else None
        words.append(f"{card.name}: half of the eras above {number(middle, 3)}")
    figure.update_layout(barmode="overlay")
    rows = [
        (f"{number(edges[place], 3)} to {number(edges[place + 1], 3)}", *cells)
        for place, cells in enumerate(
            zip(*([str(count) for count in found] for found in counts), strict=True)
        )
    ]
    table = Table(headers=(CORR.label, *(card.name for card in cards)), rows=tuple(rows))
    return Chart(
        id="distribution",
        title=f"Distribution of {CORR.label}",
        words="; ".join(words) + ".",
        figure=figure,
        table=table,
    )


def correlations(cards: tuple[Scorecard, ...], benchmark: str | None) -> Chart:
    """How like the meta model and the benchmark a prediction is, era by era."""
    figure = era_figure("correlation", cards)
    words, rows = [], []
    for score, other, dash in (
        ("cwmm", "the meta model", "solid"),
        ("cwbm", benchmark or "the benchmark", "dot"),
    ):
        for card, colour in coloured(cards):
            eras, values = scored_eras(card, score)
            if not len(values):
                continue
            name = f"{card.name} with {other}"
            add_line(figure, eras, values=values, name=name, colour=colour, dash=dash)
            words.append(f"{name} {number(float(values.mean()), 3)} in the mean")
            rows += [(name, era, number(one)) for era, one in zip(eras, values, strict=True)]
    table = Table(headers=("correlation of", "era", "value"), rows=tuple(rows))
    return Chart(
        id="correlations",
        title="Correlation with meta model and benchmark",
        words="; ".join(words) + ".",
        figure=figure,
        table=table,
    )
