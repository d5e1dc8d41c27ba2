"""What the features have to do with a prediction, as figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from plotly.subplots import make_subplots

from numeri_cli.commands.validate.validation import Validation
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
from numeri_cli.scoring.score_table import CORR
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import Summary, summarize

HALF_COLOUR = "#2a9d6f"
TOP_FEATURES = 25
_MARKED = (
    " Marked: as submitted, at the model's own proportion; it lies beside its curve where the model"
    " is neutralized against other features than these."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Earlier:
    """Predictions before they were neutralized.

    proportion: how much was taken out of them, 0 where nothing was; card: their scores then
    """

    proportion: float
    card: Scorecard


def earlier_of(validation: Validation) -> dict[str, Earlier]:
    """By the name of the card, what is known of its predictions before they were neutralized.

    A model that nothing is taken out of is its own; of a file nobody knows.
    """
    raws = validation.raw_cards or (None,) * len(validation.cards)
    found = {}
    for card, raw, source in zip(validation.cards, raws, validation.sources, strict=True):
        if raw is not None:
            found[card.name] = Earlier(proportion=source.neutralized, card=raw)
        elif dict(source.contract).get("neutralized") == "no":
            found[card.name] = Earlier(proportion=0.0, card=card)
    return found


def _exposures(card: Scorecard, earlier: Earlier | None) -> tuple[tuple[str, FloatArray], ...]:
    """(name, (n_features,) mean sizes) of the two rows of bars, the larger first."""
    if earlier is not None and earlier.proportion:
        first = ("before it is neutralized", _mean_size(earlier.card.exposures))
        return first, (
            f"as submitted, {earlier.proportion:g} taken out",
            _mean_size(card.exposures),
        )
    return ("as it is", _mean_size(card.exposures)), (
        "neutralized by half",
        _mean_size(card.halved),
    )


def widest_exposure(cards: Sequence[Scorecard], earlier: Mapping[str, Earlier]) -> float:
    """The largest mean size that any of the charts shows, so that all have one scale."""
    sizes = [_exposures(card, earlier.get(card.name))[0][1] for card in cards]
    return max((float(np.nanmax(one)) for one in sizes if known(one).any()), default=1.0)


def exposed_features(
    card: Scorecard, earlier: Earlier | None = None, *, widest: float | None = None
) -> Chart:
    """The features a prediction leans on most, with and without its neutralization.

    earlier: the predictions before it; None shows them as they are and neutralized by half
    widest: where the axis ends
    """
    (first, before), (second, after) = _exposures(card, earlier)
    order = np.argsort(np.nan_to_num(-before), kind="stable")[:TOP_FEATURES]
    names = [card.features[place] for place in order]
    figure = empty_figure("", x_title="mean size of the correlation")
    for label, values, colour in (
        (first, before, COLOURS[0]),
        (second, after, HALF_COLOUR),
    ):
        figure.add_bar(
            y=names,
            x=values[order],
            name=label,
            orientation="h",
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
            marker={"color": colour, "line": {"width": 0}},
        )
    if widest is not None:
        figure.update_xaxes(range=[0, 1.05 * widest])
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
        f"{number(after[order[0]], 3)} {second}. "
        f"The largest of any era is {number(size, 3)}, {feature} in era {era}."
    )
    rows = tuple(
        (name, number(before[place]), number(after[place]))
        for name, place in zip(names, order, strict=True)
    )
    table = Table(headers=("feature", first, second), rows=rows)
    slug = "".join(letter if letter.isalnum() else "-" for letter in card.name)
    return Chart(
        id=f"exposures-{slug}",
        title=f"Exposures of {card.name}",
        words=words,
        figure=figure,
        table=table,
    )


def neutralization_curve(
    cards: tuple[Scorecard, ...], earlier: Mapping[str, Earlier] | None = None
) -> Chart:
    """Sharpe and drawdown of CORR against how much is taken out, with the model's own marked.

    earlier: by name, the predictions that a curve begins with; without them it begins with the
    predictions as they are
    """
    known_as = earlier or {}
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    lay_out(figure)
    words, rows = [], []
    for card, colour in coloured(cards):
        if not known(card.curve).any():
            continue
        before = known_as.get(card.name)
        curve = before.card.curve if before else card.curve
        steps = [summarize(curve[:, place]) for place in range(len(PROPORTIONS))]
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
        own = card.summary(CORR.name)
        if before is not None:
            _mark(figure, card.name, at=before.proportion, own=own, colour=colour)
        top = int(np.nanargmax(np.nan_to_num(sharpe, nan=-np.inf)))
        words.append(
            f"{card.name} has its highest Sharpe, {number(sharpe[top], 2)}, at "
            f"{PROPORTIONS[top]:g}; {_start_words(before)} it is {number(sharpe[0], 2)}"
            + (f", as submitted {number(own.sharpe, 2)}" if before else "")
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
        words=". ".join(words) + "." + (_MARKED if known_as else ""),
        figure=figure,
        table=table,
    )


def _mark(figure: Any, name: str, *, at: float, own: Summary, colour: str) -> None:
    """Where a model itself stands beside its curve."""
    for row, value in ((1, own.sharpe), (2, own.drawdown)):
        figure.add_scatter(
            x=[at],
            y=[value],
            name=f"{name} as submitted",
            mode="markers",
            marker={"color": colour, "size": 13, "symbol": "diamond"},
            legendgroup=name,
            showlegend=False,
            row=row,
            col=1,
        )


def _start_words(before: Earlier | None) -> str:
    """What a curve begins with."""
    return "as its file has it" if before is None else "without neutralization"


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
