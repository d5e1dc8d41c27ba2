"""The funds of the practice tournament as a table and as curves."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from numeri_cli.output.console import whole
from numeri_cli.output.formats import percent
from numeri_cli.output.fund_figures import FundLine, fund_lines, heading, notes
from numeri_cli.output.text.curves import BLANK, braille, row_of
from numeri_cli.output.text.tables import table, unbroken

if TYPE_CHECKING:
    from numeri_cli.practice.results.fund import FundReport

_COLOURS = ("blue", "yellow", "green", "magenta")
_WIDEST, _TOGETHER = 80, 3
_HEIGHT = 4  # of one curve, in characters
_MARGIN, _NARROWEST = 12, 20  # beside a curve; of a curve


def fund(report: FundReport) -> RenderableType:
    """Figures side by side, notes, and each fund's net return drawn to one scale.

    On a terminal too narrow for that, the figures of one fund stand below those of another.
    """
    return _FundView(report)


class _FundView:
    """The report, as wide as the terminal allows; elsewhere at most 80 characters wide."""

    def __init__(self, report: FundReport) -> None:
        self._report = report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        report = self._report
        room = min(options.max_width, _WIDEST) if console.is_terminal else _WIDEST
        yield from _lines(heading(report), room)
        for part in _tables(report, room):
            yield part
            yield Text()
        yield from _curves(report, width=max(room - _MARGIN, _NARROWEST))
        for note in notes(report):
            yield from _lines(note, room, style="dim")
        if report.page is not None:
            yield Text(f"page: {whole(report.page)}")


def _tables(report: FundReport, room: int) -> Sequence[RenderableType]:
    """One table of all funds; where that is wider than the room, of three each, else of one each.

    The tournament's own three come first, so they stay together.
    """
    lines = fund_lines(report.funds)

    def made(places: range, *, otherwise: int) -> list[RenderableType]:
        found = _table(report.titles, lines, places=places)
        if (found.width or 0) <= room or len(places) == 1:
            return [found]
        starts = range(0, len(places), otherwise)
        parts = [places[at : at + otherwise] for at in starts]
        return [one for part in parts for one in made(part, otherwise=1)]

    return made(range(len(report.titles)), otherwise=_TOGETHER)


def _table(titles: Sequence[str], lines: Sequence[FundLine], *, places: Sequence[int]) -> Table:
    """The figures of the funds at these places."""
    roles = tuple(titles[place] for place in places)
    rows = table("", *roles, right=roles)
    gap = " "
    if len(roles) > _TOGETHER:  # a column more has to fit, too
        rows.padding, gap = (0, 0, 0, 0), ""
    for line in lines:
        cells = [
            Text(f"{line.cells[place]}{gap}*", "bold")
            if place == line.best
            else Text(f"{line.cells[place]}{gap} ")
            for place in places
        ]
        rows.add_row(line.label, *cells)
    return unbroken(rows)


def _lines(sentence: str, room: int, *, style: str = "") -> list[Text]:
    """Lines of at most so many characters: those of the table are not broken at the edge."""
    return [Text(line, style) for line in wrap(sentence, room)]


def _curves(report: FundReport, *, width: int) -> list[RenderableType]:
    """The cumulated net return of each fund, all to one scale, eras below."""
    series = [[0.0, *(float(one) for one in each.net)] for each in report.funds]
    low, high = min(map(min, series)), max(map(max, series))
    zero = row_of(0.0, rows=_HEIGHT, low=low, high=high)
    parts: list[RenderableType] = []
    for place, (title, values) in enumerate(zip(report.titles, series, strict=True)):
        parts.append(Text(f"{title}: {percent(values[-1])} net since the start"))
        drawn = braille(values, width=width, height=_HEIGHT, low=low, high=high)
        labels = {zero: 0.0, 0: high, _HEIGHT - 1: low}
        for row, text in enumerate(drawn):
            label = percent(labels[row]) if row in labels else ""
            line = Text(f"{label:>8} {'┤' if label else '│'}")
            dots = text.replace(BLANK, "┈") if row == zero else text
            parts.append(line.append(dots, _COLOURS[place % len(_COLOURS)]))
    first, last = str(report.period.first_era), str(report.period.last_era)
    axis = f"{'era':>8}  {first}{last:>{width - len(first)}}"
    return [*parts, Text(axis), Text()]
