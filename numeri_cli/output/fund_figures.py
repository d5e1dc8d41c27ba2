"""The funds of the practice tournament in words and figures, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numeri_cli.dataset.eras import DAYS_PER_ERA
from numeri_cli.output.formats import number, percent
from numeri_cli.practice.results.fund import OWN, Fund, FundReport
from numeri_cli.practice.results.fund_choice import ENOUGH_ROUNDS
from numeri_cli.practice.results.portfolio import BookExposure, FundFigures
from numeri_cli.scoring.noise import best_beyond_noise
from numeri_cli.scoring.ranks import FloatArray
from numeri_cli.scoring.score_table import CORR
from numeri_cli.scoring.summary import FIGURES


@dataclass(frozen=True, kw_only=True)
class FundLine:
    """One figure of every fund, as text; best: the place of the best, None where none is."""

    label: str
    cells: tuple[str, ...]
    best: int | None = None


def heading(report: FundReport) -> str:
    """Over which weeks the funds run, and why over these."""
    period = report.period
    length = f"eras {period.first_era}–{period.last_era}: {period.weeks} weeks, {report.days} days"
    if period.is_live:
        return f"over live rounds, {length}"
    live = f" and {period.live_weeks} live rounds" if period.live_weeks else ""
    rest = ""
    if period.live_rounds < ENOUGH_ROUNDS:
        rest = f"; over live rounds once {ENOUGH_ROUNDS} have passed ({period.live_rounds} have)"
    return f"over validation history{live}, {length}{rest}"


def notes(report: FundReport) -> tuple[str, ...]:
    """What the figures rest on."""
    terms, choice, period = report.terms, report.choice, report.period
    drifted = max(one.exposures.drifted.style for one in report.funds)
    paid = (
        f"net of {terms.cost_basis_points:g} basis points of all that is traded and a fee of "
        f"{100 * terms.fee_a_year:g} % a year; a year has 260 days"
    )
    tranches = (
        f"{terms.tranches} weekly tranches, each held for {terms.tranches} weeks; the first book "
        f"holds {report.older} older ones, from before era {period.first_era}"
    )
    chosen = (
        f"best rival: {choice.name} ({choice.technique}), chosen in advance by its mean "
        f"{CORR.label} of {number(choice.corr_mean)} on {choice.target}, "
        f"eras {choice.first_era}–{choice.last_era}"
    )
    exposed = (
        "exposures: the largest of all weeks, the prediction's as it is → the book's when traded; "
        f"until the next trade that to a style came to at most {drifted:.2f}"
    )
    own = tuple(
        f"own: {one.name}; where nothing of it came in time, what came before is traded again"
        for one in report.funds
        if one.role == OWN
    )
    in_house = f"in-house: {report.funds[1].name} of the organiser"
    sure = (
        "± of the Sharpe: its standard error, were days independent (Lo 2002); the true one lies"
        " within it about two times in three"
    )
    marked = (
        "marked, *: better than every other by more than noise, day by day; a drawdown has no"
        " measure of noise"
    )
    is_marked = any(line.best is not None for line in fund_lines(report.funds))
    return (paid, tranches, in_house, chosen, *own, exposed, sure, *([marked] if is_marked else []))


def fund_lines(funds: tuple[Fund, ...]) -> tuple[FundLine, ...]:
    """Every figure, in the order of the table."""
    figures = [one.figures for one in funds]
    daily = [_daily(one) for one in funds]
    exposures = [(one.exposures.before, one.exposures.after) for one in funds]

    def line(
        label: str,
        cell: Callable[[FundFigures], str],
        *,
        merit: str | None = None,
    ) -> FundLine:
        """merit: the figure of daily returns by which the best is marked"""
        best = None
        if merit is not None:
            figure = next(one for one in FIGURES if one.name == merit)
            best = best_beyond_noise(figure, daily, lags=DAYS_PER_ERA)
        return FundLine(label=label, cells=tuple(cell(one) for one in figures), best=best)

    def exposure(label: str, size: Callable[[BookExposure], float]) -> FundLine:
        cells = tuple(f"{size(before):.2f} → {size(after):.2f}" for before, after in exposures)
        return FundLine(label=label, cells=cells)

    return (
        line(
            "net return a year",
            lambda one: percent(one.return_a_year),
            merit="mean",
        ),
        line("  before costs and fee", lambda one: percent(one.before_a_year)),
        line("  trading costs", lambda one: percent(-one.cost_a_year)),
        line("  fee", lambda one: percent(-one.fee_a_year)),
        line("volatility a year", lambda one: percent(one.volatility_a_year)),
        line(
            "Sharpe",
            lambda one: f"{number(one.sharpe, 2)} ± {one.sharpe_error:.2f}",
            merit="sharpe",
        ),
        line("max drawdown", lambda one: percent(one.drawdown)),
        line("turnover a year", lambda one: f"{one.turnover_a_year:.1f}×"),
        line("gross exposure", lambda one: f"{one.gross:.2f}"),
        line("correlation with the market", lambda one: number(one.market_correlation, 2)),
        exposure("exposure to the market", lambda one: one.market),
        exposure("exposure to a country", lambda one: one.country),
        exposure("exposure to a sector", lambda one: one.sector),
        exposure("exposure to a style", lambda one: one.style),
    )


def _daily(fund: Fund) -> FloatArray:
    """(days,) net returns of each day, of the value of the day before."""
    value = np.concatenate([[1.0], 1 + fund.net])
    return np.asarray(value[1:] / value[:-1] - 1, dtype=np.float64)
