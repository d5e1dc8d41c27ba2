"""What is to be predicted: returns that no known factor explains, ranked per era."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.market import DAYS_PER_ERA, RETURN_UNIT, ReturnArray
from numeri_cli.practice.universe import FloatArray, IntArray, Stocks

CodeArray = npt.NDArray[np.int8]

LAG_DAYS = 2
HORIZONS_DAYS = (20, 60)
SHARES = (0.05, 0.20, 0.50, 0.20, 0.05)
UNRESOLVED = -1  # code of a target that nobody can know yet
ALIAS, ALIAS_STANDS_FOR = "target", "target_ender_60"
RESIDUAL_UNIT = 1e-9  # below the noise of the market, above that of floating-point sums


@dataclass(frozen=True)
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
    Scheme("ender"),
    Scheme("jasper", styles=False),
    Scheme("teager2b", country=False),
    Scheme("victor", per_volatility=True),
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


def resolve(
    stocks: Stocks, styles: FloatArray, returns: ReturnArray, *, horizon_days: int
) -> CodeArray:
    """The targets of one era and horizon.

    styles: (styles, stocks) of that era
    returns: (5 · eras_to_resolve, stocks) daily log returns from the era's first day on, in 1e-7
    returns: (schemes, stocks) codes 0–4, lowest first, 5/20/50/20/5 %
    """
    total = returns[LAG_DAYS : LAG_DAYS + horizon_days].sum(axis=0, dtype=np.int64) * RETURN_UNIT
    return np.stack([_codes(_residual(scheme, stocks, styles, total)) for scheme in SCHEMES])


def _residual(scheme: Scheme, stocks: Stocks, styles: FloatArray, total: FloatArray) -> FloatArray:
    """What a least-squares fit on the scheme's factors leaves of the returns."""
    parts = [_dummies(stocks.sector), stocks.beta[None]]
    if scheme.country:
        parts.append(_dummies(stocks.country)[1:])
    if scheme.styles:
        parts.append(styles)
    factors = np.concatenate(parts)
    if scheme.per_volatility:
        total = total / stocks.volatility
    # the ridge of 1e-9 stocks keeps an empty or a single-stock group solvable
    gram = factors @ factors.T + 1e-9 * np.eye(len(factors))
    residual = total - np.linalg.solve(gram, factors @ total) @ factors
    return np.rint(residual / RESIDUAL_UNIT)


def _dummies(codes: IntArray) -> FloatArray:
    return (codes == np.arange(codes.max() + 1)[:, None]).astype(np.float64)


def _codes(values: FloatArray) -> CodeArray:
    """Ranks in bins of the shares of the tournament; ties are broken by position."""
    count = len(values)
    edges = np.rint(np.cumsum(SHARES) * count).astype(np.int64)
    codes: CodeArray = np.empty(count, dtype=np.int8)
    codes[np.argsort(values, kind="stable")] = np.repeat(
        np.arange(len(SHARES), dtype=np.int8), np.diff([0, *edges])
    )
    return codes
