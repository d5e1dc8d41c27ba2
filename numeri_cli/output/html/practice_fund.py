"""Funds side by side as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from numeri_cli.output.formats import percent
from numeri_cli.output.html.look import (
    COLOURS,
    empty_figure,
)
from numeri_cli.output.html.page import Chart, Table, write_page
from numeri_cli.scoring.ranks import FloatArray

_DAYS_A_WEEK = 5


@dataclass(frozen=True, eq=False)
class FundLine:
    """One fund; net: (days,) its cumulated net return, as a share."""

    name: str
    net: FloatArray


@dataclass(frozen=True, eq=False)
class FundContent:
    """Everything the page shows.

    facts: (name, value) lines under the title; notes: sentences under the figures
    first_era: of the weeks of five days that the lines run over
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    figures: Table
    notes: tuple[str, ...]
    first_era: int
    lines: tuple[FundLine, ...]


def write_fund_page(content: FundContent, path: Path, *, self_contained: bool = False) -> Path:
    """Write the page; the same content gives the same bytes. Raises DiskError."""
    charts = (cumulative_net(content), falls(content))
    return write_page(
        "practice_fund.html.j2",
        path,
        charts=charts,
        self_contained=self_contained,
        title=content.title,
        facts=content.facts,
        figures=content.figures,
        notes=content.notes,
    )


def cumulative_net(content: FundContent) -> Chart:
    """What each fund has earned since the start."""
    figure = _figure("net return")
    words = []
    for line, colour in _coloured(content):
        _add(figure, content, line, line.net, colour)
        words.append(
            f"{line.name} ends at {_percent(line.net[-1])}, between "
            f"{_percent(min(line.net.min(), 0.0))} and {_percent(max(line.net.max(), 0.0))}"
        )
    return Chart(
        id="net-return",
        title="Cumulative net return",
        words="After costs and fee: " + "; ".join(words) + ".",
        figure=figure,
        table=_weekly(content, [line.net for line in content.lines]),
    )


def falls(content: FundContent) -> Chart:
    """How far each fund is below its last height."""
    figure = _figure("below the last height")
    words, depths = [], []
    for line, colour in _coloured(content):
        depth = _below_height(line.net)
        depths.append(depth)
        _add(figure, content, line, depth, colour)
        words.append(f"{line.name} falls by at most {_percent(-depth.min())}")
    return Chart(
        id="drawdown",
        title="Drawdown",
        words="From the highest value so far, which is 0: " + "; ".join(words) + ".",
        figure=figure,
        table=_weekly(content, depths),
    )


def _figure(title: str) -> Any:
    figure = empty_figure(title, x_title="era")
    figure.update_xaxes(tickformat="d", hoverformat=".1f")
    figure.update_yaxes(tickformat=".1%")
    return figure


def _add(
    figure: Any, content: FundContent, line: FundLine, values: FloatArray, colour: str
) -> None:
    figure.add_scatter(
        x=content.first_era + np.arange(len(values)) / _DAYS_A_WEEK,
        y=values,
        name=line.name,
        mode="lines",
        line={"color": colour, "width": 2},
        hovertemplate="%{y:.2%}",
    )


def _coloured(content: FundContent) -> Iterator[tuple[FundLine, str]]:
    for place, line in enumerate(content.lines):
        yield line, COLOURS[place % len(COLOURS)]


def _below_height(net: FloatArray) -> FloatArray:
    """(days,) as shares of the highest value so far, 0 or less."""
    values = np.concatenate([[1.0], 1 + net])
    depth: FloatArray = (values / np.maximum.accumulate(values) - 1)[1:]
    return depth


def _weekly(content: FundContent, series: list[FloatArray]) -> Table:
    """The values at the end of each week."""
    days = len(content.lines[0].net)
    rows = []
    for place, day in enumerate(range(0, days, _DAYS_A_WEEK)):
        last = min(day + _DAYS_A_WEEK, days) - 1
        rows.append((str(content.first_era + place), *(_percent(one[last]) for one in series)))
    return Table(("era", *(line.name for line in content.lines)), tuple(rows))


def _percent(share: float) -> str:
    return percent(share, 2).replace(" ", "\N{NO-BREAK SPACE}")
