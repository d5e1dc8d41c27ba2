"""What is to be predicted: returns that no known factor explains, ranked per era."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.market.market import DAYS_PER_ERA, RETURN_UNIT, ReturnArray
from numeri_cli.practice.market.universe import FloatArray, IntArray, Stocks

CodeArray = npt.NDArray[np.int8]

LAG_DAYS = 2
HORIZONS_DAYS = (20, 60)
SHARES = (0.05, 0.20, 0.50, 0.20, 0.05)
ALIAS, ALIAS_STANDS_FOR = "target", "target_ender_60"
SOLVABLE = 1e-12  # of a stock, in a group that has none
RESIDUAL_UNIT = 1e-9  # below the noise of the market, above that of floating-point sums


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """What a family of targets is made neutral to; market and sector always.

    name: the middle of the target's name
    country, styles: whether these are taken out as well
    per_volatility: whether returns are divided by the stock's own volatility first
    """

    name: str
    country: bool = True
    styles: bool = True
    per_volatility: bool = False


SCHEMES = (
    Scheme(name="ender"),
    Scheme(name="jasper", styles=False),
    Scheme(name="teager2b", country=False),
    Scheme(name="victor", per_volatility=True),
)


def target_name(scheme: Scheme, horizon_days: int) -> str:
    """Such as target_ender_20."""
    return f"target_{scheme.name}_{horizon_days}"


TARGETS = tuple(target_name(scheme, days) for scheme in SCHEMES for days in HORIZONS_DAYS)


def eras_to_resolve(horizon_days: int) -> int:
    """How many weeks must pass until a target is known: 5 for 20 days, 13 for 60."""
    return -(-(LAG_DAYS + horizon_days) // DAYS_PER_ERA)


def horizon_of(target: str) -> int:
    """The days a target looks ahead; `target` is an alias."""
    return int((ALIAS_STANDS_FOR if target == ALIAS else target).rsplit("_", 1)[1])


@dataclass(frozen=True, kw_only=True)
class RiskModel:
    """The factors that targets are made neutral to, without the styles, which move.

    fixed: (factors, stocks) sector dummies, beta, country dummies but the first
    gram: (factors, factors) of the fixed ones, which is most of the work
    """

    stocks: Stocks
    fixed: FloatArray
    gram: FloatArray

    @classmethod
    def of(cls, stocks: Stocks) -> RiskModel:
        """The risk model of a universe."""
        parts = [_dummies(stocks.sector), stocks.beta[None], _dummies(stocks.country)[1:]]
        fixed = np.concatenate(parts)
        return cls(stocks=stocks, fixed=fixed, gram=_products(fixed, fixed))

    def resolve(self, styles: FloatArray, returns: ReturnArray, *, horizon_days: int) -> CodeArray:
        """The targets of one era and horizon.

        styles: (styles, stocks) of that era
        returns: (5 · eras_to_resolve, stocks) daily log returns from its first day on, in 1e-7
        returns: (schemes, stocks) codes 0–4, lowest first, 5/20/50/20/5 %
        """
        days = slice(LAG_DAYS, LAG_DAYS + horizon_days)
        total = returns[days].sum(axis=0, dtype=np.int64) * RETURN_UNIT
        factors, gram = self._factors(styles)
        return np.stack(
            [_codes(self._residual(scheme, factors, gram=gram, total=total)) for scheme in SCHEMES]
        )

    def resolve_daily(self, styles: FloatArray, returns: ReturnArray, *, days: int) -> CodeArray:
        """The main scheme's targets of one era, were the horizon 1, 2 … `days` days.

        styles: (styles, stocks) of that era
        returns: (LAG_DAYS + days or more, stocks) daily log returns from its first day on, in 1e-7
        returns: (days, stocks) codes 0–4
        """
        known = returns[LAG_DAYS : LAG_DAYS + days]
        totals = (np.cumsum(known, axis=0, dtype=np.int64) * RETURN_UNIT).astype(np.float64)
        residuals = np.rint(self.neutral(styles, totals) / RESIDUAL_UNIT)
        return np.stack([_codes(residual) for residual in residuals])

    def neutral(self, styles: FloatArray, values: FloatArray) -> FloatArray:
        """What a least-squares fit on all factors, each sector's and each country's, leaves.

        styles: (styles, stocks) of one era; values: (rows, stocks), each row for itself
        returns: (rows, stocks); sums of 0 over all stocks and over each country and sector
        """
        factors, gram = self._factors(styles)
        ridge = SOLVABLE * np.eye(len(factors))
        weights = np.linalg.solve(gram + ridge, np.einsum("fn,dn->fd", factors, values))
        left: FloatArray = values - np.einsum("fd,fn->dn", weights, factors)
        return left

    def _factors(self, styles: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(factors, stocks) of an era, and their products with one another."""
        factors = np.concatenate([self.fixed, styles.astype(np.float64)])
        count = len(self.fixed)
        gram = np.empty((len(factors), len(factors)))
        gram[:count, :count] = self.gram
        gram[count:] = _products(factors[count:], factors)
        gram[:count, count:] = gram[count:, :count].T
        return factors, gram

    def _residual(
        self, scheme: Scheme, factors: FloatArray, *, gram: FloatArray, total: FloatArray
    ) -> FloatArray:
        """What a least-squares fit on the scheme's factors leaves, in units far above rounding."""
        chosen = np.ones(len(factors), dtype=bool)
        if not scheme.country:
            chosen[self.stocks.sectors + 1 : len(self.fixed)] = False
        if not scheme.styles:
            chosen[len(self.fixed) :] = False
        if scheme.per_volatility:
            total = total / self.stocks.volatility
        used = factors[chosen]
        ridge = SOLVABLE * np.eye(len(used))
        weights = np.linalg.solve(
            gram[np.ix_(chosen, chosen)] + ridge, np.einsum("fn,n->f", used, total)
        )
        residual: FloatArray = total - np.einsum("f,fn->n", weights, used)
        return np.rint(residual / RESIDUAL_UNIT)


def _dummies(codes: IntArray) -> FloatArray:
    groups = np.arange(codes.max() + 1)[:, None]
    return np.asarray(codes == groups, dtype=np.float64)


def _products(some: FloatArray, others: FloatArray) -> FloatArray:
    """Sums over stocks; einsum, so that they are the same with any number of threads."""
    sums: FloatArray = np.einsum("an,bn->ab", some, others)
    return sums


def _codes(values: FloatArray) -> CodeArray:
    """Ranks in bins of the shares of the tournament; ties are broken by position."""
    count = len(values)
    edges = np.rint(np.cumsum(SHARES) * count).astype(np.int64)
    codes: CodeArray = np.empty(count, dtype=np.int8)
    codes[np.argsort(values, kind="stable")] = np.repeat(
        np.arange(len(SHARES), dtype=np.int8), np.diff([0, *edges])
    )
    return codes
