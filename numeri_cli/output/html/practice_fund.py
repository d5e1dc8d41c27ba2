"""Funds side by side as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from numeri_cli.output.formats import percent
from numeri_cli.output.fund_figures import fund_lines, heading, notes
from numeri_cli.output.html.page import Chart, Table, write_page
from numeri_cli.output.html.style import COLOURS, empty_figure
from numeri_cli.practice.results.fund import Fund, FundReport
from numeri_cli.scoring.ranks import FloatArray

_DAYS_A_WEEK = 5


def write_fund_page(report: FundReport, path: Path, *, self_contained: bool = False) -> Path:
    """Write the page; the same report gives the same bytes. Raises DiskError."""
    lines = fund_lines(report.funds)
    opened = [day for day in report.opened if day is not None]
    facts = [("weeks", heading(report))]
    if opened:
        facts.append(("live rounds opened", f"{opened[0]} to {opened[-1]}"))
    return write_page(
        "practice_fund.html.j2",
        path,
        charts=(cumulative_net(report), falls(report)),
        self_contained=self_contained,
        title="The fund of the practice tournament",
        facts=facts,
        figures=Table(
            headers=("figure", *(one.role for one in report.funds)),
            rows=tuple((line.label.strip(), *line.cells) for line in lines),
            best=frozenset(
                (row, one.best + 1) for row, one in enumerate(lines) if one.best is not None
            ),
        ),
        notes=notes(report),
    )


def cumulative_net(report: FundReport) -> Chart:
    """What each fund has earned since the start."""
    figure = _figure("net return")
    words = []
    for fund, colour in _coloured(report):
        _add(figure, report, fund=fund, values=fund.net, colour=colour)
        words.append(
            f"{fund.role} ends at {_percent(fund.net[-1])}, between "
            f"{_percent(min(fund.net.min(), 0.0))} and {_percent(max(fund.net.max(), 0.0))}"
        )
    return Chart(
        id="net-return",
        title="Cumulative net return",
        words="After costs and fee: " + "; ".join(words) + ".",
        figure=figure,
        table=_weekly(report, [fund.net for fund in report.funds]),
    )


def falls(report: FundReport) -> Chart:
    """How far each fund is below its last height."""
    figure = _figure("below the last height")
    words, depths = [], []
    for fund, colour in _coloured(report):
        depth = _below_height(fund.net)
        depths.append(depth)
        _add(figure, report, fund=fund, values=depth, colour=colour)
        words.append(f"{fund.role} falls by at most {_percent(-depth.min())}")
    return Chart(
        id="drawdown",
        title="Drawdown",
        words="From the highest value so far, which is 0: " + "; ".join(words) + ".",
        figure=figure,
        table=_weekly(report, depths),
    )


def _figure(title: str) -> Any:
    figure = empty_figure(title, x_title="era")
    figure.update_xaxes(tickformat="d", hoverformat=".1f")
    figure.update_yaxes(tickformat=".1%")
    return figure


def _add(figure: Any, report: FundReport, *, fund: Fund, values: FloatArray, colour: str) -> None:
    figure.add_scatter(
        x=report.period.first_era + np.arange(len(values)) / _DAYS_A_WEEK,
        y=values,
        name=fund.role,
        mode="lines",
        line={"color": colour, "width": 2},
        hovertemplate="%{y:.2%}",
    )


def _coloured(report: FundReport) -> Iterator[tuple[Fund, str]]:
    for place, fund in enumerate(report.funds):
        yield fund, COLOURS[place % len(COLOURS)]


def _below_height(net: FloatArray) -> FloatArray:
    """(days,) as shares of the highest value so far, 0 or less."""
    values = np.concatenate([[1.0], 1 + net])
    depth: FloatArray = (values / np.maximum.accumulate(values) - 1)[1:]
    return depth


def _weekly(report: FundReport, series: list[FloatArray]) -> Table:
    """The values at the end of each week."""
    days = len(report.funds[0].net)
    rows = []
    for place, day in enumerate(range(0, days, _DAYS_A_WEEK)):
        last = min(day + _DAYS_A_WEEK, days) - 1
        rows.append(
            (str(report.period.first_era + place), *(_percent(one[last]) for one in series))
        )
    return Table(headers=("era", *(fund.role for fund in report.funds)), rows=tuple(rows))


def _percent(share: float) -> str:
    return percent(share, 2).replace(" ", "\N{NO-BREAK SPACE}")
