"""What the features have to do with a prediction, as figures."""

from __future__ import annotations

import numpy as np
from plotly.subplots import make_subplots

from numeri_cli.output.formats import number
from numeri_cli.output.html.page import Chart, Table
from numeri_cli.output.html.style import (
    COLOURS,
    coloured,
    empty_figure,
    lay_out,
)
from numeri_cli.scoring.feature_scores import PROPORTIONS
from numeri_cli.scoring.ranks import FloatArray, known
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import summarize

HALF_COLOUR = "#2a9d6f"
TOP_FEATURES = 25


def exposed_features(card: Scorecard) -> Chart:
    """The features a prediction leans on most, as it is and neutralized by half."""
    before = _mean_size(card.exposures)
    after = _mean_size(card.halved)
    order = np.argsort(np.nan_to_num(-before), kind="stable")[:TOP_FEATURES]
    names = [card.features[place] for place in order]
    figure = empty_figure("", x_title="mean size of the correlation")
    for label, values, colour in (
        ("as it is", before, COLOURS[0]),
        ("neutralized by half", after, HALF_COLOUR),
    ):
        figure.add_bar(
            y=names,
            x=values[order],
            name=label,
            orientation="h",
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
            marker={"color": colour, "line": {"width": 0}},
        )
    figure.update_layout(height=120 + 26 * len(names), bargap=0.25, hovermode="closest")
    figure.update_yaxes(
        type="category",
        autorange="reversed",
        tickfont={"size": 11},
        tickvals=names,
        ticktext=[_short(name) for name in names],
    )
    feature, era, size = card.largest_exposure()
    words = (
        f"{card.name} leans most on {names[0]} with {number(before[order[0]], 3)} in the mean, "
        f"{number(after[order[0]], 3)} after neutralization by half. "
        f"The largest of any era is {number(size, 3)}, {feature} in era {era}."
    )
    rows = tuple(
        (name, number(before[place]), number(after[place]))
        for name, place in zip(names, order, strict=True)
    )
    table = Table(headers=("feature", "as it is", "neutralized by half"), rows=rows)
    slug = "".join(letter if letter.isalnum() else "-" for letter in card.name)
    return Chart(
        id=f"exposures-{slug}",
        title=f"Exposures of {card.name}",
        words=words,
        figure=figure,
        table=table,
    )


def neutralization_curve(cards: tuple[Scorecard, ...]) -> Chart:
    """Sharpe and drawdown of CORR against how much is neutralized."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    lay_out(figure)
    words, rows = [], []
    for card, colour in coloured(cards):
        if not known(card.curve).any():
            continue
        steps = [summarize(card.curve[:, place]) for place in range(len(PROPORTIONS))]
        sharpe, depth = [one.sharpe for one in steps], [one.drawdown for one in steps]
        for row, values in ((1, sharpe), (2, depth)):
            figure.add_scatter(
                x=PROPORTIONS,
                y=values,
                name=card.name,
                mode="lines+markers",
                line={"color": colour, "width": 2},
                legendgroup=card.name,
                showlegend=row == 1,
                row=row,
                col=1,
            )
        top = int(np.nanargmax(np.nan_to_num(sharpe, nan=-np.inf)))
        words.append(
            f"{card.name} has its highest Sharpe, {number(sharpe[top], 2)}, at "
            f"{PROPORTIONS[top]:g}; without neutralization it is {number(sharpe[0], 2)}"
        )
        rows += [
            (card.name, f"{part:g}", number(one.mean), number(one.sharpe, 2), number(one.drawdown))
            for part, one in zip(PROPORTIONS, steps, strict=True)
        ]
    figure.update_yaxes(title="Sharpe", row=1, col=1)
    figure.update_yaxes(title="drawdown", rangemode="tozero", row=2, col=1)
    figure.update_xaxes(title="proportion taken out", row=2, col=1)
    figure.update_layout(height=460, hovermode="x unified")
    table = Table(
        headers=("prediction", "proportion", "mean", "Sharpe", "drawdown"), rows=tuple(rows)
    )
    return Chart(
        id="neutralization",
        title="Neutralization curve",
        words=". ".join(words) + ".",
        figure=figure,
        table=table,
    )


def _mean_size(exposures: FloatArray) -> FloatArray:
    """(n_features,) mean magnitude over the eras that have one."""
    sizes = np.abs(exposures)
    there = known(sizes)
    counts = there.sum(axis=0)
    total = np.where(there, sizes, 0).sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def _short(feature: str) -> str:
    name = feature.removeprefix("feature_")
    return name if len(name) <= 28 else f"{name[:27]}…"
