"""A long–short portfolio in overlapping tranches: from weights to daily profit, costs and fee.

Amounts are shares of what the fund began with, 1; there is no interest on cash or on shorts.

When a week's trade is made, at the close of the day before the week's first day of profit,
1. the tranche that was bought `tranches` weeks ago is sold, as far as prices have carried it;
2. the new tranche is bought: its weights × the fund's value / tranches;
3. a hedge takes out of the whole book what has drifted in since, so that it is neutral again;
4. every stock is bought or sold by the difference of 1 to 3, and the difference is what costs.
Until the next trade positions move with their stocks, exp(log return) − 1 a day. The fee accrues
daily on the value of the day before, a 260th of the yearly fee; the cost of a trade is booked on
the first day after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numeri_cli.practice.market.market import DAYS_PER_ERA
from numeri_cli.practice.market.targets import RiskModel
from numeri_cli.practice.market.universe import FloatArray, Stocks
from numeri_cli.published import Published
from numeri_cli.scoring.ranks import gaussianize

DAYS_PER_YEAR = 260

Neutralizer = Callable[[int, FloatArray], FloatArray]


@dataclass(frozen=True, kw_only=True)
class FundTerms(Published):
    """On what terms a fund trades.

    tranches: so many weeks is each held, 60 business days
    gross: sum of the sizes of a tranche's weights before it is divided: 1 long and 1 short
    cost_basis_points: of every amount bought or sold: commission, spread and impact together
    fee_a_year: of the fund's value
    """

    tranches: int = 12
    gross: float = 2.0
    cost_basis_points: float = 5.0
    fee_a_year: float = 0.02


@dataclass(frozen=True, kw_only=True)
class BookExposure(Published):
    """The largest sizes of a book's exposures, as shares of the fund's value.

    market: Σ weight × beta; country, sector: the net weight in one; style: Σ weight × style, which
    has a deviation of 1 over stocks
    """

    market: float
    country: float
    sector: float
    style: float

    @classmethod
    def of(cls, weights: FloatArray, stocks: Stocks, styles: FloatArray) -> BookExposure:
        """The exposure of one book.

        weights: (stocks,); styles: (styles, stocks) of the same day
        """
        by_style = np.einsum("kn,n->k", styles.astype(np.float64), weights)
        return cls(
            market=abs(float(np.einsum("n,n->", stocks.beta, weights))),
            country=float(np.abs(np.bincount(stocks.country, weights)).max()),
            sector=float(np.abs(np.bincount(stocks.sector, weights)).max()),
            style=float(np.abs(by_style).max()),
        )

    @classmethod
    def largest(cls, exposures: list[BookExposure]) -> BookExposure:
        """The largest of each over many books; 0 of none."""
        names = ("market", "country", "sector", "style")
        return cls(
            **{name: max((getattr(one, name) for one in exposures), default=0.0) for name in names}
        )


@dataclass(frozen=True, kw_only=True)
class PortfolioTrack:
    """What a portfolio did.

    net: (days,) return after costs and fee; before: (days,) before both; both of the value at
    the close of the day before, as are cost and fee
    traded: (weeks,) bought and sold; held: (weeks, stocks) the book after the trade; drifted:
    (weeks, stocks) the same book at the week's last close: shares of the value then
    """

    net: FloatArray
    before: FloatArray
    cost: FloatArray
    fee: FloatArray
    traded: FloatArray
    held: FloatArray
    drifted: FloatArray


def scaled(weights: FloatArray, gross: float) -> FloatArray:
    """Weights whose sizes sum to `gross` in each row; rows of 0 stay.

    weights: (rows, stocks)
    """
    sizes = np.abs(weights).sum(axis=-1, keepdims=True)
    made: FloatArray = np.divide(
        gross * weights, sizes, out=np.zeros_like(weights), where=sizes > 0
    )
    return made


def tranche(
    prediction: FloatArray, *, risk: RiskModel, styles: FloatArray, gross: float
) -> FloatArray:
    """The weights of one era's tranche.

    prediction: (stocks,), any scale, only ranks matter; styles: (styles, stocks) of the era
    returns: (stocks,) neutral to beta and styles, 0 in sum, in each country and in each sector
    """
    left = risk.neutral(styles, gaussianize(prediction)[None])[0]
    return scaled(left, gross)


def trade(
    weights: FloatArray,
    returns: FloatArray,
    *,
    terms: FundTerms,
    older: FloatArray,
    neutral: Neutralizer,
) -> PortfolioTrack:
    """Trade a tranche a week, and keep the books.

    weights: (weeks, stocks) of each week's tranche, gross as in `terms`
    returns: (days, stocks) daily log returns from the first day of profit on; the last of the
    weeks may be cut short
    older: (up to tranches − 1, stocks) weights of the weeks before, oldest first, which the fund
    buys on its first day too and holds for what remains of their time
    neutral: of a week's place and a book, (stocks,), what is neutral of it
    """
    slots = np.zeros((terms.tranches, weights.shape[1]))
    hedge = np.zeros(weights.shape[1])
    slots[terms.tranches - len(older) :] = older / terms.tranches
    before = np.zeros_like(hedge)
    value, weeks = 1.0, []
    for place, fresh in enumerate(weights):
        slots[place % terms.tranches] = fresh * value / terms.tranches
        total = slots.sum(axis=0)
        book = neutral(place, total)
        hedge = book - total
        traded = float(np.abs(book - before).sum())
        days = returns[place * DAYS_PER_ERA : (place + 1) * DAYS_PER_ERA]
        week = _week(
            book, days, value=value, cost=traded * terms.cost_basis_points / 1e4, terms=terms
        )
        growth = np.exp(days.sum(axis=0))
        before, slots, hedge = book * growth, slots * growth, hedge * growth
        weeks.append((week, traded / value, book / value, before / week.value))
        value = week.value
    return PortfolioTrack(
        net=np.concatenate([week.net for week, *_ in weeks]),
        before=np.concatenate([week.before for week, *_ in weeks]),
        cost=np.concatenate([week.cost for week, *_ in weeks]),
        fee=np.concatenate([week.fee for week, *_ in weeks]),
        traded=np.array([traded for _, traded, _, _ in weeks]),
        held=np.stack([held for *_, held, _ in weeks]),
        drifted=np.stack([drifted for *_, drifted in weeks]),
    )


@dataclass(frozen=True, kw_only=True)
class _TradedWeek:
    net: FloatArray
    before: FloatArray
    cost: FloatArray
    fee: FloatArray
    value: float


def _week(
    book: FloatArray, returns: FloatArray, *, value: float, cost: float, terms: FundTerms
) -> _TradedWeek:
    """The days until the next trade. book: (stocks,) after this one; cost: of this one."""
    growth = np.exp(np.cumsum(returns, axis=0))
    profits = np.diff(np.einsum("dn,n->d", growth, book), prepend=book.sum())
    rows = []
    for day, profit in enumerate(profits):
        fee, paid = value * terms.fee_a_year / DAYS_PER_YEAR, cost if day == 0 else 0.0
        change = float(profit) - paid - fee
        rows.append((change / value, float(profit) / value, paid / value, fee / value))
        value += change
    net, before, costs, fees = np.array(rows).T
    return _TradedWeek(net=net, before=before, cost=costs, fee=fees, value=value)


@dataclass(frozen=True, kw_only=True)
class FundFigures(Published):
    """A track in figures; a year has 260 days.

    return_a_year: mean daily net return × 260; volatility_a_year: its deviation (ddof 0) × √260
    sharpe: the one over the other; NaN where nothing moves; sharpe_error: its standard error were
    days independent, √((1 + s² / 2) / days) of a day's, times √260 (Lo 2002)
    drawdown: the deepest fall of the value from an earlier height, as a share of that height
    before_a_year, cost_a_year, fee_a_year: what the mean net return is made of
    turnover_a_year: bought and sold, in values of the fund; gross: mean size of the book after
    trades; market_correlation: of daily returns before costs with the mean stock's
    """

    return_a_year: float
    volatility_a_year: float
    sharpe: float
    sharpe_error: float
    drawdown: float
    before_a_year: float
    cost_a_year: float
    fee_a_year: float
    turnover_a_year: float
    gross: float
    market_correlation: float

    @classmethod
    def of(cls, track: PortfolioTrack, market: FloatArray) -> FundFigures:
        """market: (days,) daily returns of the mean stock."""
        mean, deviation = float(track.net.mean()), float(track.net.std())
        sharpe = mean / deviation if deviation else float("nan")
        return cls(
            return_a_year=mean * DAYS_PER_YEAR,
            volatility_a_year=deviation * DAYS_PER_YEAR**0.5,
            sharpe=sharpe * DAYS_PER_YEAR**0.5,
            sharpe_error=((1 + sharpe**2 / 2) / len(track.net) * DAYS_PER_YEAR) ** 0.5,
            drawdown=_deepest_fall(track.net),
            before_a_year=float(track.before.mean()) * DAYS_PER_YEAR,
            cost_a_year=float(track.cost.mean()) * DAYS_PER_YEAR,
            fee_a_year=float(track.fee.mean()) * DAYS_PER_YEAR,
            turnover_a_year=float(track.traded.sum()) / len(track.net) * DAYS_PER_YEAR,
            gross=float(np.abs(track.held).sum(axis=1).mean()),
            market_correlation=_correlation(track.before, market),
        )


def _deepest_fall(returns: FloatArray) -> float:
    values = np.cumprod(np.concatenate([[1.0], 1 + returns]))
    return float((1 - values / np.maximum.accumulate(values)).max())


def _correlation(first: FloatArray, second: FloatArray) -> float:
    if len(first) < 2 or not first.std() or not second.std():
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])
