"""Stocks, factors, daily returns: the market that the practice tournament is about.

Week w covers days 5w … 5w + 4. Vendors' characteristics of a stock are known as it begins; each is
part theme, part sector, part the stock's own, all AR(1). A day's log return is

    β·market + country + sector + Σ style·g + σ·[Σ characteristic·f + Σ shape·q + noise]

with fat-tailed market and noise and volatilities that cluster. The premia behind f are small and
unstable: themes switch off and turn, premia wander, and a crowd builds its position over a year
only to leave it within weeks. The premia behind q, on humps and gates that no single column shows,
are steadier. That is the one assumption which makes neutralizing worth while here: in a prototype
with half their size it failed in every second world.

Measured by tests/studies/realism.py (the default world) and starter.py (30 others), beside the
real figures where they are known; the public data have no identities and no returns.

                                              practice           real
    benchmark, 20 days: CORR mean, std        0.023, 0.030       0.024–0.029 (last 86 eras), –
    benchmark, 60 days: CORR mean, std        0.016, 0.022       –
    meta model, 20 days: CORR mean, std       0.017, 0.038       0.022, –
    starter, 60 days, 30 worlds: mean, std    0.027, 0.029       –
    tutorial model: CORR mean, std            –                  0.0126, 0.0147
    sampling error of an era's CORR           0.022              0.0135 (5,500 rows an era)
    autocorrelation of features, 1 era        0.90               not public
    autocorrelation of features, 4, 52 eras   0.75, 0.21         not public
    |corr| of features in a family, across    0.55, 0.03         not public
    share of all-2 feature-eras               3.4 %              not public
    correlation of 20- and 60-day targets     0.51               not public
    index volatility a year, kurtosis         16 %, 19           not public
    median stock's volatility a year          39 %               not public
    correlation of two stocks' returns        0.16               not public

Eras are noisier than the real ones, since they have fewer rows, and overlap: the mean CORR of one
world has a standard error near 0.009. Judge a model over several seeds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.market.random_streams import Purpose, stream
from numeri_cli.practice.market.universe import (
    FloatArray,
    Plan,
    Stocks,
    WorldSettings,
    draw_plan,
    draw_stocks,
    persistence_of,
)

ReturnArray = npt.NDArray[np.int32]

DAYS_PER_ERA = 5
RETURN_UNIT = 1e-7  # returns are whole multiples of it, so that sums are exact on every machine

THEME_HALF_LIFE, SECTOR_HALF_LIFE, PREMIUM_HALF_LIFE = 40, 80, 40  # weeks
VOLATILITY_HALF_LIFE = 20  # days
THEME_SHARE, SECTOR_SHARE, OWN_SHARE = 0.25, 0.05, 0.70  # of a characteristic's variance
THEME_OFF, THEME_ON_WEEKS, THEME_OFF_WEEKS = -0.6, 90, 35
PREMIUM_WANDERING = 0.006  # 20-day IC
NONLINEAR_WANDERING = 0.3  # relative
CROWD_BUILDING, CROWD_UNWINDING = 0.02, -0.10  # 20-day IC
BUILDING_WEEKS, UNWINDING_WEEKS = 60, 12
FACTOR_NOISE, NONLINEAR_NOISE, CROWD_NOISE = 0.05, 0.012, 0.08  # daily, per own volatility
MARKET_DRIFT, MARKET_VOLATILITY = 0.0003, 0.009
COUNTRY_VOLATILITY, SECTOR_VOLATILITY, STYLE_VOLATILITY = 0.006, 0.005, 0.0035
T5_DEVIATION = (5 / 3) ** 0.5
GATE_OPEN, GATE_SHARE, GATE_DEVIATION = 0.5, 0.3085, 0.4619  # P(N > .5) and its deviation
HUMP_CEILING, HUMP_MEAN, HUMP_DEVIATION = 6.0, 1.0, 1.25


@dataclass(frozen=True, kw_only=True)
class MarketState:
    """All that the market knows when a week begins.

    era: the week, from 1
    themes: (themes, stocks) AR(1), unit variance
    sector_values: (characteristics, sectors) AR(1), unit variance
    own: (characteristics, stocks) AR(1), unit variance
    theme_pays: (themes,) whether its premia are on
    linear_drift, nonlinear_drift: AR(1), unit variance, one per premium
    crowd_builds: 1 while the crowd builds its positions, 0 while it unwinds
    log_volatility: (3,) AR(1) by day, unit variance: market, own and sector, premia
    """

    era: int
    themes: FloatArray
    sector_values: FloatArray
    own: FloatArray
    theme_pays: npt.NDArray[np.int8]
    linear_drift: FloatArray
    nonlinear_drift: FloatArray
    crowd_builds: npt.NDArray[np.int8]
    log_volatility: FloatArray


@dataclass(frozen=True, kw_only=True)
class Market:
    """How the market of one world moves; holds nothing that changes."""

    seed: int
    stocks: Stocks
    plan: Plan

    @classmethod
    def of(cls, settings: WorldSettings) -> Market:
        """The market of a world."""
        return cls(seed=settings.seed, stocks=draw_stocks(settings), plan=draw_plan(settings))

    def first_state(self) -> MarketState:
        """The beginning of era 1, drawn from the stationary distributions."""
        plan, stocks = self.plan, self.stocks
        random = stream(self.seed, Purpose.characteristics, 1)
        themes = random.standard_normal((int(plan.theme.max()) + 1, stocks.count))
        sector_values = random.standard_normal((plan.characteristics, stocks.sectors))
        own = random.standard_normal((plan.characteristics, stocks.count))
        random = stream(self.seed, Purpose.premia, 1)
        on_share = THEME_ON_WEEKS / (THEME_ON_WEEKS + THEME_OFF_WEEKS)
        building_share = BUILDING_WEEKS / (BUILDING_WEEKS + UNWINDING_WEEKS)
        return MarketState(
            era=1,
            themes=themes,
            sector_values=sector_values,
            own=own,
            theme_pays=(random.random(len(themes)) < on_share).astype(np.int8),
            linear_drift=random.standard_normal(plan.characteristics),
            nonlinear_drift=random.standard_normal(len(plan.nonlinear)),
            crowd_builds=(random.random(1) < building_share).astype(np.int8),
            log_volatility=random.standard_normal(3),
        )

    def characteristics(self, state: MarketState) -> FloatArray:
        """What vendors measure when the week begins: (characteristics, stocks), unit variance."""
        plan = self.plan
        common = THEME_SHARE**0.5 * state.themes[plan.theme]
        sector = SECTOR_SHARE**0.5 * state.sector_values[:, self.stocks.sector]
        values: FloatArray = common + sector + OWN_SHARE**0.5 * state.own
        return values

    def week(self, state: MarketState) -> tuple[ReturnArray, MarketState]:
        """One week passes.

        returns: (5, stocks) log returns of its days in units of 1e-7, and the state a week later
        """
        characteristics = self.characteristics(state)
        styles = characteristics[: self.plan.styles]
        shapes = np.concatenate([characteristics, self._nonlinear_shapes(characteristics)])
        premia = self._premia(state)
        volatility = state.log_volatility
        days = []
        for day in range(DAYS_PER_ERA):
            returns, volatility = self._day(
                DAYS_PER_ERA * state.era + day,
                volatility,
                styles=styles,
                shapes=shapes,
                premia=premia,
            )
            days.append(returns)
        return np.stack(days), self._next_state(replace(state, log_volatility=volatility))

    def _nonlinear_shapes(self, characteristics: FloatArray) -> FloatArray:
        """(humps + gates, stocks), mean 0 and unit variance where characteristics are normal."""
        plan = self.plan
        squares = np.minimum(characteristics[plan.humps] ** 2, HUMP_CEILING)
        humps = (squares - HUMP_MEAN) / HUMP_DEVIATION
        is_open = characteristics[plan.gates[:, 1]] > GATE_OPEN
        gates = characteristics[plan.gates[:, 0]] * (is_open - GATE_SHARE) / GATE_DEVIATION
        return np.concatenate([humps, gates])

    def _premia(self, state: MarketState) -> FloatArray:
        """(characteristics + humps + gates,) daily means per own volatility, in this week."""
        plan = self.plan
        paying = np.where(state.theme_pays[plan.theme], 1.0, THEME_OFF)
        crowd = CROWD_BUILDING if state.crowd_builds[0] else CROWD_UNWINDING
        wandering = PREMIUM_WANDERING * state.linear_drift * (plan.crowded != 0)
        linear = plan.scale * (plan.linear * paying + wandering) + plan.crowded * crowd
        drift = 1 + NONLINEAR_WANDERING * state.nonlinear_drift
        nonlinear = plan.scale * plan.nonlinear * drift
        return np.concatenate([linear, nonlinear]) / 20**0.5

    def _day(
        self,
        day: int,
        log_volatility: FloatArray,
        *,
        styles: FloatArray,
        shapes: FloatArray,
        premia: FloatArray,
    ) -> tuple[ReturnArray, FloatArray]:
        """Returns of one day and the volatilities of the next."""
        stocks, plan = self.stocks, self.plan
        random = stream(self.seed, Purpose.day, day)
        memory = persistence_of(VOLATILITY_HALF_LIFE)
        fresh = random.standard_normal(3)
        log_volatility = memory * log_volatility + (1 - memory**2) ** 0.5 * fresh
        market_level, own_level, premium_level = np.exp(0.35 * log_volatility - 0.35**2)

        market = MARKET_VOLATILITY * market_level * random.standard_t(5) / T5_DEVIATION
        country = COUNTRY_VOLATILITY * market_level * random.standard_normal(stocks.countries)
        sector = SECTOR_VOLATILITY * own_level * random.standard_normal(stocks.sectors)
        style = STYLE_VOLATILITY * own_level * random.standard_normal(plan.styles)
        rush = CROWD_NOISE * premium_level * random.standard_t(5) / T5_DEVIATION
        noise = random.standard_normal(len(premia))
        own = random.standard_t(5, stocks.count) / T5_DEVIATION

        payoff = premia.copy()
        linear = slice(plan.styles, plan.characteristics)
        payoff[linear] += FACTOR_NOISE * premium_level * noise[linear]
        payoff[linear] += rush * plan.crowded[linear]
        payoff[plan.characteristics :] += NONLINEAR_NOISE * noise[plan.characteristics :]
        # einsum, not a product of BLAS: the same sum in the same order with any number of threads
        own += np.einsum("k,kn->n", payoff[plan.styles :], shapes[plan.styles :])
        returns = (
            stocks.beta * (MARKET_DRIFT + market)
            + country[stocks.country]
            + sector[stocks.sector]
            + np.einsum("k,kn->n", style, styles)
            + stocks.volatility * own_level**0.5 * own
        )
        return np.rint(returns / RETURN_UNIT).astype(np.int32), log_volatility

    def _next_state(self, state: MarketState) -> MarketState:
        """The state when the following week begins."""
        plan, era = self.plan, state.era + 1
        random = stream(self.seed, Purpose.characteristics, era)
        themes = _step(state.themes, persistence_of(THEME_HALF_LIFE), random=random)
        sector_values = _step(state.sector_values, persistence_of(SECTOR_HALF_LIFE), random=random)
        own = _step(state.own, plan.persistence[:, None], random=random)
        random = stream(self.seed, Purpose.premia, era)
        theme_pays = _switch(
            state.theme_pays, THEME_ON_WEEKS, off_steps=THEME_OFF_WEEKS, random=random
        )
        memory = persistence_of(PREMIUM_HALF_LIFE)
        return MarketState(
            era=era,
            themes=themes,
            sector_values=sector_values,
            own=own,
            theme_pays=theme_pays,
            linear_drift=_step(state.linear_drift, memory, random=random),
            nonlinear_drift=_step(state.nonlinear_drift, memory, random=random),
            crowd_builds=_switch(
                state.crowd_builds, BUILDING_WEEKS, off_steps=UNWINDING_WEEKS, random=random
            ),
            log_volatility=state.log_volatility,
        )


def _step(
    values: FloatArray, memory: float | FloatArray, *, random: np.random.Generator
) -> FloatArray:
    """AR(1) with unit variance, one step on."""
    return memory * values + np.sqrt(1 - memory**2) * random.standard_normal(values.shape)


def _switch(
    is_on: npt.NDArray[np.int8], on_steps: float, *, off_steps: float, random: np.random.Generator
) -> npt.NDArray[np.int8]:
    """Two-state Markov chains that stay on and off for so many steps on average."""
    leaves = random.random(is_on.shape) < np.where(is_on, 1 / on_steps, 1 / off_steps)
    return np.where(leaves, 1 - is_on, is_on).astype(np.int8)
