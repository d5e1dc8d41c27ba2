"""The funds of the practice tournament as a table and as curves."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import percent
from numeri_cli.output.fund_figures import fund_lines, heading, notes
from numeri_cli.output.text.curves import BLANK, braille, row_of
from numeri_cli.output.text.tables import table, unbroken

if TYPE_CHECKING:
    from numeri_cli.practice.results.fund import FundReport

_COLOURS = ("blue", "yellow", "green", "magenta")
_WIDEST, _ROOMY = 80, 3
_WIDTH, _HEIGHT = 68, 4  # of one curve, in characters


def fund(report: FundReport) -> RenderableType:
    """Figures side by side, notes, and each fund's net return drawn to one scale."""
    roles = report.titles
    rows = table("", *roles, right=roles)
    gap = " "
    if len(roles) > _ROOMY:  # a column more has to fit, too
        rows.padding, gap = (0, 0, 0, 0), ""
    for line in fund_lines(report.funds):
        cells = [
            Text(f"{cell}{gap}*", "bold") if place == line.best else Text(f"{cell}{gap} ")
            for place, cell in enumerate(line.cells)
        ]
        rows.add_row(line.label, *cells)
    parts: list[RenderableType] = [*_lines(heading(report)), unbroken(rows), Text()]
    parts += _curves(report)
    parts += [line for note in notes(report) for line in _lines(note, style="dim")]
    if report.page is not None:
        parts.append(Text(f"page: {report.page}"))
    return Group(*parts)


def _lines(sentence: str, *, style: str = "") -> list[Text]:
    """Lines of at most 80 characters: those of the table are not broken at the screen's edge."""
    return [Text(line, style) for line in wrap(sentence, _WIDEST)]


def _curves(report: FundReport) -> list[RenderableType]:
    """The cumulated net return of each fund, all to one scale, eras below."""
    series = [[0.0, *(float(one) for one in each.net)] for each in report.funds]
    low, high = min(map(min, series)), max(map(max, series))
    zero = row_of(0.0, rows=_HEIGHT, low=low, high=high)
    parts: list[RenderableType] = []
    for place, (title, values) in enumerate(zip(report.titles, series, strict=True)):
        parts.append(Text(f"{title}: {percent(values[-1])} net since the start"))
        drawn = braille(values, width=_WIDTH, height=_HEIGHT, low=low, high=high)
        labels = {zero: 0.0, 0: high, _HEIGHT - 1: low}
        for row, text in enumerate(drawn):
            label = percent(labels[row]) if row in labels else ""
            line = Text(f"{label:>8} {'┤' if label else '│'}")
            dots = text.replace(BLANK, "┈") if row == zero else text
            parts.append(line.append(dots, _COLOURS[place % len(_COLOURS)]))
    first, last = str(report.period.first_era), str(report.period.last_era)
    axis = f"{'era':>8}  {first}{last:>{_WIDTH - len(first)}}"
    return [*parts, Text(axis), Text()]
