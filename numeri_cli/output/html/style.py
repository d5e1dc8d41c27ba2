"""How every figure looks; what depends on light or dark is set by the page's script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import plotly.graph_objects as go

from numeri_cli.scoring.ranks import FloatArray, known
from numeri_cli.scoring.scorecard import Scorecard

COLOURS = ("#3b82c4", "#c96f0a", "#2a9d6f", "#a06cd5", "#d1495b", "#7f8c8d")
_MOST_ROUNDS = 10  # named on an axis


def era_figure(y_title: str, cards: tuple[Scorecard, ...]) -> go.Figure:
    """An empty figure over the eras, all of them in order of time whatever is drawn first."""
    figure = empty_figure(y_title, x_title="era")
    eras = list(cards[0].eras)
    figure.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=eras,
        range=[-0.6, len(eras) - 0.4],
        tickmode="array",
        tickvals=eras[:: max(1, -(-len(eras) // 10))],
    )
    return figure


def empty_figure(y_title: str, *, x_title: str) -> go.Figure:
    """An empty figure over numbers."""
    figure = go.Figure()
    lay_out(figure)
    figure.update_xaxes(title=x_title)
    figure.update_yaxes(title=y_title)
    return figure


def of_rounds(numbers: Iterable[int]) -> dict[str, Any]:
    """How an axis of these rounds names them: whole ones, and each at most once."""
    known_rounds = sorted(numbers)
    span = known_rounds[-1] - known_rounds[0] if known_rounds else 0
    return {"tickformat": "d", "nticks": min(_MOST_ROUNDS, span + 1)}


def lay_out(figure: go.Figure) -> None:
    """Size, legend and axes, without colours."""
    figure.update_layout(
        template="none",
        height=360,
        margin={"l": 56, "r": 12, "t": 12, "b": 48},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="x unified" if not figure.data else None,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(automargin=True, showgrid=False, tickangle=0)
    figure.update_yaxes(automargin=True, zeroline=True)


def add_line(
    figure: go.Figure,
    eras: list[str],
    *,
    values: FloatArray,
    name: str,
    colour: str,
    dash: str = "solid",
) -> None:
    """Add a line over eras to a figure."""
    line = {"color": colour, "width": 2, "dash": dash}
    figure.add_scatter(x=eras, y=values, name=name, mode="lines", line=line)


def coloured(cards: tuple[Scorecard, ...]) -> Iterator[tuple[Scorecard, str]]:
    """Each card with the colour that it has in every chart."""
    for place, card in enumerate(cards):
        yield card, COLOURS[place % len(COLOURS)]


def scored_eras(card: Scorecard, score: str) -> tuple[list[str], FloatArray]:
    """The eras that have the score, and the score."""
    values = card.score(score)
    places = known(values)
    return [era for era, one in zip(card.eras, places, strict=True) if one], values[places]


def translucent(colour: str) -> str:
    """A colour such as "#3b82c4", for areas that others are seen through."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"
