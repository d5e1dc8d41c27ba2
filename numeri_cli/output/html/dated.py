"""Dates beside eras, on the axes of charts and in their tables."""

from __future__ import annotations

from dataclasses import replace

from numeri_cli.commands.validate.validation import EraDays
from numeri_cli.output.html.page import Chart, Table

_ERA_HEADERS = ("era", "last era")


def with_days(chart: Chart, days: EraDays | None) -> Chart:
    """The chart with the month under each era of its axis, and the day of each in its table."""
    if days is None:
        return chart
    axis = chart.figure.layout.xaxis
    if axis.type == "category" and axis.tickvals is not None:
        texts = [f"{era}\n{days.of(era):%b %Y}" for era in axis.tickvals]
        chart.figure.update_xaxes(ticktext=texts)
    place = next((at for at, one in enumerate(chart.table.headers) if one in _ERA_HEADERS), None)
    if place is None:
        return chart
    table = chart.table
    rows = tuple(
        (*row[: place + 1], days.of(row[place]).isoformat(), *row[place + 1 :])
        for row in table.rows
    )
    headers = (*table.headers[: place + 1], "date", *table.headers[place + 1 :])
    return replace(chart, table=Table(headers=headers, rows=rows))


def span_words(eras: tuple[str, ...], days: EraDays | None) -> str:
    """Such as "0257–0291, 2025-03-07 to 2025-10-31"."""
    told = f"{eras[0]}–{eras[-1]}"
    if days is None:
        return told
    return f"{told}, {days.of(eras[0]).isoformat()} to {days.of(eras[-1]).isoformat()}"
