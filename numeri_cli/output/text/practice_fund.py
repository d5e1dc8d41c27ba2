"""The funds of the practice tournament: as a table, as curves, and as what the page shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import number, percent
from numeri_cli.output.html.page import Table
from numeri_cli.output.text.curves import (
    BLANK,
    braille,
    row_of,
)
from numeri_cli.output.text.tables import table

if TYPE_CHECKING:
    from numeri_cli.output.html.practice_fund import FundContent
    from numeri_cli.practice.results.fund import (
        Fund,
        FundReport,
    )
    from numeri_cli.practice.results.portfolio import (
        BookExposure,
    )

_COLOURS = ("blue", "yellow", "green")
_WIDTH, _HEIGHT = 68, 4  # of one curve, in characters


@dataclass(frozen=True)
class FundLine:
    """One figure of every fund, as text; best: the place of the best, None where none is."""

    label: str
    cells: tuple[str, ...]
    best: int | None = None


def fund(view: FundReport) -> RenderableType:
    """Figures side by side, notes, and each fund's net return drawn to one scale."""
    roles = [one.role for one in view.funds]
    rows = table("", *roles, right=tuple(roles))
    for line in lines(view.funds):
        cells = [
            Text(cell + (" *" if place == line.best else "  "), "bold" * (place == line.best))
            for place, cell in enumerate(line.cells)
        ]
        rows.add_row(line.label, *cells)
    parts: list[RenderableType] = [Text(heading(view)), rows, Text()]
    parts += curves(view)
    parts += [Text(note, style="dim") for note in notes(view)]
    if view.page is not None:
        parts.append(Text(f"page: {view.page}", overflow="fold"))
    return Group(*parts)


def heading(view: FundReport) -> str:
    """Over which weeks the funds run, and why over these."""
    from numeri_cli.practice.results.fund import ENOUGH_ROUNDS

    period = view.period
    length = f"eras {period.first_era}–{period.last_era}: {period.weeks} weeks, {view.days} days"
    if period.is_live:
        return f"over live rounds, {length}"
    live = f" and {period.live_weeks} live rounds" if period.live_weeks else ""
    rest = ""
    if period.live_rounds < ENOUGH_ROUNDS:
        rest = f"; over live rounds once {ENOUGH_ROUNDS} have passed ({period.live_rounds} have)"
    return f"over validation history{live}, {length}{rest}"


def notes(view: FundReport) -> tuple[str, ...]:
    """What the figures rest on."""
    terms, choice, period = view.terms, view.choice, view.period
    drifted = max(one.exposures.drifted.style for one in view.funds)
    paid = (
        f"net of {terms.cost_basis_points:g} basis points of all that is traded and a fee of "
        f"{100 * terms.fee_a_year:g} % a year; a year has 260 days"
    )
    tranches = (
        f"{terms.tranches} weekly tranches, each held for {terms.tranches} weeks; the first book "
        f"holds {view.older} older ones, from before era {period.first_era}"
    )
    chosen = (
        f"best rival: {choice.name} ({choice.technique}), chosen in advance by its mean CORR of "
        f"{number(choice.corr_mean)} on {choice.target}, eras {choice.first_era}–{choice.last_era}"
    )
    exposed = (
        "exposures: the largest of all weeks, the prediction's as it is → the book's when traded; "
        f"until the next trade that to a style came to at most {drifted:.2f}"
    )
    return (paid, tranches, f"in-house: {view.funds[1].name} of the organiser", chosen, exposed)


def lines(funds: tuple[Fund, ...]) -> tuple[FundLine, ...]:
    """Every figure, in the order of the table."""
    figures = [one.figures for one in funds]
    parts = [(one.exposures.before, one.exposures.after) for one in funds]

    def line(label: str, values: list[float], shown: Callable[[float], str]) -> FundLine:
        return FundLine(label, tuple(map(shown, values)))

    def marked(label: str, cells: list[str], values: list[float]) -> FundLine:
        there = {at: value for at, value in enumerate(values) if value == value}  # noqa: PLR0124
        best = max(there, key=there.__getitem__) if len(there) > 1 else None
        return FundLine(label, tuple(cells), best)

    def exposure(label: str, of: Callable[[BookExposure], float]) -> FundLine:
        return FundLine(label, tuple(f"{of(old):.2f} → {of(new):.2f}" for old, new in parts))

    net = [one.return_a_year for one in figures]
    sharpe = [one.sharpe for one in figures]
    depth = [one.drawdown for one in figures]
    errors = [f"{number(one.sharpe, 2)} ± {one.sharpe_error:.2f}" for one in figures]
    return (
        marked("net return a year", [percent(one) for one in net], net),
        line("  before costs and fee", [one.before_a_year for one in figures], percent),
        line("  trading costs", [-one.cost_a_year for one in figures], percent),
        line("  fee", [-one.fee_a_year for one in figures], percent),
        line("volatility a year", [one.volatility_a_year for one in figures], percent),
        marked("Sharpe", errors, sharpe),
        marked("max drawdown", [percent(one) for one in depth], [-one for one in depth]),
        line("turnover a year", [one.turnover_a_year for one in figures], lambda x: f"{x:.1f}×"),
        line("gross exposure", [one.gross for one in figures], lambda x: f"{x:.2f}"),
        line(
            "correlation with the market",
            [one.market_correlation for one in figures],
            lambda x: number(x, 2),
        ),
        exposure("exposure to the market", lambda one: one.market),
        exposure("exposure to a country", lambda one: one.country),
        exposure("exposure to a sector", lambda one: one.sector),
        exposure("exposure to a style", lambda one: one.style),
    )


def curves(view: FundReport) -> list[RenderableType]:
    """The cumulated net return of each fund, all to one scale, eras below."""
    series = [[0.0, *(float(one) for one in each.net)] for each in view.funds]
    low, high = min(map(min, series)), max(map(max, series))
    zero = row_of(0.0, rows=_HEIGHT, low=low, high=high)
    parts: list[RenderableType] = []
    for place, (each, values) in enumerate(zip(view.funds, series, strict=True)):
        parts.append(Text(f"{each.role}: {percent(values[-1])} net since the start"))
        drawn = braille(values, width=_WIDTH, height=_HEIGHT, low=low, high=high)
        labels = {zero: 0.0, 0: high, _HEIGHT - 1: low}
        for row, text in enumerate(drawn):
            label = percent(labels[row]) if row in labels else ""
            line = Text(f"{label:>8} {'┤' if label else '│'}")
            dots = text.replace(BLANK, "┈") if row == zero else text
            parts.append(line.append(dots, _COLOURS[place % len(_COLOURS)]))
    first, last = str(view.period.first_era), str(view.period.last_era)
    axis = f"{'era':>8}  {first}{last:>{_WIDTH - len(first)}}"
    return [*parts, Text(axis), Text()]


def page_content(report: FundReport) -> FundContent:
    """The report as the HTML page shows it."""
    from numeri_cli.output.html.practice_fund import FundContent
    from numeri_cli.output.html.practice_fund import FundLine as Drawn  # plotly is imported with it

    shown = lines(report.funds)
    figures = Table(
        ("figure", *(one.role for one in report.funds)),
        tuple((line.label.strip(), *line.cells) for line in shown),
        frozenset((row, one.best + 1) for row, one in enumerate(shown) if one.best is not None),
    )
    opened = [day for day in report.opened if day is not None]
    facts = [("weeks", heading(report))]
    if opened:
        facts.append(("live rounds opened", f"{opened[0]} to {opened[-1]}"))
    return FundContent(
        title="The fund of the practice tournament",
        facts=tuple(facts),
        figures=figures,
        notes=notes(report),
        first_era=report.period.first_era,
        lines=tuple(Drawn(one.role, one.net) for one in report.funds),
    )
