"""Funds side by side as one HTML page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from numeri_cli.output.formats import percent
from numeri_cli.output.fund_figures import fund_lines, heading, notes
from numeri_cli.output.html.downloads import csv_of
from numeri_cli.output.html.page import Chart, Table, write_page
from numeri_cli.output.html.style import COLOURS, empty_figure
from numeri_cli.practice.results.fund import Fund, FundReport
from numeri_cli.scoring.ranks import FloatArray

_DAYS_A_WEEK = 5
_MOST_TICKS = 8


def write_fund_page(report: FundReport, path: Path, *, self_contained: bool = False) -> Path:
    """Write the page; the same report gives the same bytes. Raises DiskError."""
    lines = fund_lines(report.funds)
    opened = [day for day in report.opened if day is not None]
    facts = [("weeks", heading(report))]
    if report.dates:
        facts.append(("dates", f"{report.dates[0]} to {report.dates[-1]}"))
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
            headers=("figure", *report.titles),
            rows=tuple((line.label.strip(), *line.cells) for line in lines),
            best=frozenset(
                (row, one.best + 1) for row, one in enumerate(lines) if one.best is not None
            ),
        ),
        notes=notes(report),
        places=(
            ("figures", "Figures"),
            ("net-return-title", "Cumulative net return"),
            ("drawdown-title", "Drawdown"),
        ),
        files=(csv_of(_days(report), name="fund.csv", words="net return of every day"),),
    )


def cumulative_net(report: FundReport) -> Chart:
    """What each fund has earned since the start."""
    figure = _figure("net return", report)
    words = []
    for fund, title, colour in _coloured(report):
        _add(figure, report, title=title, values=fund.net, colour=colour)
        words.append(
            f"{title} ends at {_percent(fund.net[-1])}, between "
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
    figure = _figure("below the last height", report)
    words, depths = [], []
    for fund, title, colour in _coloured(report):
        depth = _below_height(fund.net)
        depths.append(depth)
        _add(figure, report, title=title, values=depth, colour=colour)
        words.append(f"{title} falls by at most {_percent(-depth.min())}")
    return Chart(
        id="drawdown",
        title="Drawdown",
        words="From the highest value so far, which is 0: " + "; ".join(words) + ".",
        figure=figure,
        table=_weekly(report, depths),
    )


def _figure(title: str, report: FundReport) -> Any:
    figure = empty_figure(title, x_title="era")
    figure.update_xaxes(tickformat="d", hoverformat=".1f")
    figure.update_yaxes(tickformat=".1%")
    if report.dates:
        step = math.ceil(len(report.dates) / _MOST_TICKS)
        places = range(0, len(report.dates), step)
        figure.update_xaxes(
            tickvals=[report.period.first_era + at for at in places],
            ticktext=[
                f"{report.period.first_era + at}\n{report.dates[at]:%d %b %Y}" for at in places
            ],
        )
    return figure


def _add(figure: Any, report: FundReport, *, title: str, values: FloatArray, colour: str) -> None:
    figure.add_scatter(
        x=report.period.first_era + np.arange(len(values)) / _DAYS_A_WEEK,
        y=values,
        name=title,
        mode="lines",
        line={"color": colour, "width": 2},
        hovertemplate="%{y:.2%}",
    )


def _coloured(report: FundReport) -> Iterator[tuple[Fund, str, str]]:
    """Each fund, what it is called, and its colour."""
    for place, (fund, title) in enumerate(zip(report.funds, report.titles, strict=True)):
        yield fund, title, COLOURS[place % len(COLOURS)]


def _days(report: FundReport) -> Table:
    """Every day's net return since the start, to all digits."""
    rows = tuple(
        (
            str(report.period.first_era + day // _DAYS_A_WEEK),
            str(day % _DAYS_A_WEEK + 1),
            *(repr(float(fund.net[day])) for fund in report.funds),
        )
        for day in range(report.days)
    )
    return Table(headers=("era", "day", *report.titles), rows=rows)


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
        when = (report.dates[place].isoformat(),) if report.dates else ()
        era = str(report.period.first_era + place)
        rows.append((era, *when, *(_percent(one[last]) for one in series)))
    headers = ("era", *(("date",) if report.dates else ()), *report.titles)
    return Table(headers=headers, rows=tuple(rows))


def _percent(share: float) -> str:
    return percent(share, 2).replace(" ", "\N{NO-BREAK SPACE}")
