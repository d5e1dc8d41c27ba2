"""What never changes in a world: its stocks, and the plan by which vendors' data move and pay."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from numeri_cli.errors import PracticeSettings
from numeri_cli.practice.market.random_streams import SEEDS_BEGIN, SEEDS_END, Purpose, stream

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEAST_STOCKS, LEAST_ERAS, LEAST_FEATURES = 100, 40, 12
MOST_STOCKS, MOST_ERAS, MOST_FEATURES = 20_000, 9_000, 10_000
PURGE_ERAS = {20: 8, 60: 16}  # between train and test, by horizon in days
UNRESOLVED_ERAS = 12  # of 60-day targets, at the end of history
REFERENCE_CHARACTERISTICS = 50  # the parameters of the market were measured with so many
VARIANTS = 4.8  # features per characteristic, on average
THEMES = 8
MOST_BINNED_CELLS = 400_000_000  # ten bytes each are needed for a moment


@dataclass(frozen=True, kw_only=True)
class WorldSettings:
    """The measures of a world. Equal settings make equal worlds, to the last byte.

    stocks, eras, features: sizes of the history; the live era is eras + 1
    rivals: how many other participants there are
    """

    seed: int = 5  # of 1 to 8 the one where a plain tree model fares nearest to their mean
    stocks: int = 2000
    eras: int = 300
    features: int = 240
    rivals: int = 64

    def __post_init__(self) -> None:
        """Raise PracticeSettings where no such world can be made."""
        bounds = (
            ("stocks", self.stocks, LEAST_STOCKS, MOST_STOCKS),
            ("eras", self.eras, LEAST_ERAS, MOST_ERAS),
            ("features", self.features, LEAST_FEATURES, MOST_FEATURES),
            ("rivals", self.rivals, 1, 1000),
            ("seed", self.seed, SEEDS_BEGIN, SEEDS_END - 1),
        )
        for name, value, least, most in bounds:
            if not least <= value <= most:
                raise PracticeSettings(
                    f"a practice world cannot have {name} = {value}",
                    hint=f"{name} may be from {least} to {most}",
                )

    @property
    def train_eras(self) -> int:
        """How many eras train.parquet holds: four fifths, all of them resolved."""
        return min(round(self.eras * 0.8), self.eras - UNRESOLVED_ERAS)

    @property
    def rival_eras(self) -> int:
        """How many eras rivals are trained on: train without the purge before validation."""
        return self.train_eras - max(PURGE_ERAS.values())

    @property
    def chunk_eras(self) -> int:
        """How many eras the benchmark models predict before they are trained anew."""
        return max(24, self.train_eras // 2)

    @property
    def era_stride(self) -> int:
        """Tree models learn from every so manieth era: 4; 1 in a short history, more in a vast."""
        cells = self.rival_eras * self.stocks * self.features
        return max(1, min(4, self.rival_eras // 16), -(-cells // MOST_BINNED_CELLS))


SCALES = {"v5.3": WorldSettings(stocks=5_000, eras=688, features=3_555)}  # 2.75 million train rows


@dataclass(frozen=True, kw_only=True)
class Stocks:
    """The universe; one entry per stock.

    country, sector: codes from 0
    beta: loading on the market
    volatility: daily standard deviation of what is the stock's own
    """

    country: IntArray
    sector: IntArray
    beta: FloatArray
    volatility: FloatArray

    @property
    def count(self) -> int:
        """How many stocks there are."""
        return len(self.beta)

    @property
    def countries(self) -> int:
        """How many countries there are, those without a stock included."""
        return int(self.country.max()) + 1

    @property
    def sectors(self) -> int:
        """How many sectors there are, those without a stock included."""
        return int(self.sector.max()) + 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the characteristics of stocks persist and what they pay on average.

    The first `styles` characteristics are known to every risk model and pay no linear premium.

    theme: (characteristics,) code of the theme each belongs to
    persistence: (characteristics,) weekly autoregression
    linear: (characteristics,) mean linear premium in 20-day IC, 0 for styles
    crowded: (characteristics,) the crowd's position, a vector of length 1
    humps: (humps,) characteristics that pay at both ends, or in the middle
    gates: (gates, 2) characteristics of which the first pays where the second is high
    nonlinear: (humps + gates,) mean premium in 20-day IC
    scale: of all premia, so that a small or large set is as easy to predict from, √(50/K)
    """

    theme: IntArray
    persistence: FloatArray
    linear: FloatArray
    crowded: FloatArray
    humps: IntArray
    gates: IntArray
    nonlinear: FloatArray
    styles: int
    scale: float

    @property
    def characteristics(self) -> int:
        """How many characteristics there are."""
        return len(self.theme)


MEAN_LINEAR = 0.0075  # 20-day IC, before the heavy-tailed factor
MEAN_NONLINEAR = 0.019  # 20-day IC, times U(.5, 1.5)


def persistence_of(half_life: float) -> float:
    """The AR(1) coefficient whose memory halves in `half_life` steps."""
    return float(2.0 ** (-1.0 / half_life))


def draw_stocks(settings: WorldSettings) -> Stocks:
    """The stocks of a world: 20 countries of falling weight, 11 sectors; fewer in a small world."""
    random = stream(settings.seed, Purpose.stocks)
    count = settings.stocks
    countries = max(4, min(20, count // 50))
    sectors = max(3, min(11, count // 30))
    weights = np.arange(1, countries + 1) ** -0.8
    return Stocks(
        country=random.choice(countries, size=count, p=weights / weights.sum()),
        sector=random.integers(0, sectors, size=count),
        beta=1 + 0.3 * random.standard_normal(count),
        volatility=0.02 * np.exp(0.35 * random.standard_normal(count) - 0.35**2 / 2),
    )


def draw_plan(settings: WorldSettings) -> Plan:
    """The characteristics of a world and their premia, from the seed."""
    random = stream(settings.seed, Purpose.plan)
    count = max(10, round(settings.features / VARIANTS))
    share = count / REFERENCE_CHARACTERISTICS
    styles = max(2, round(6 * share))
    humps, gates = max(2, round(10 * share)), max(2, round(14 * share))
    theme = random.permutation(np.arange(count) % THEMES)
    half_lives = np.exp(random.uniform(math.log(3), math.log(104), count))
    paying = np.arange(styles, count)

    premia = stream(settings.seed, Purpose.premia_plan)
    scale = math.sqrt(1 / share)
    linear = np.zeros(count)
    linear[paying] = MEAN_LINEAR * premia.standard_t(6, len(paying)) / math.sqrt(1.5)
    first = np.resize(premia.permutation(paying), gates)
    second = _gate_keepers(premia, first, styles=styles, paying=paying)
    nonlinear = MEAN_NONLINEAR * premia.uniform(0.5, 1.5, humps + gates)
    nonlinear *= premia.choice([-1.0, 1.0], humps + gates)
    return Plan(
        theme=theme,
        persistence=2.0 ** (-1.0 / half_lives),
        linear=linear,
        crowded=np.sign(linear) / math.sqrt(len(paying)),
        humps=premia.choice(paying, size=humps, replace=humps > len(paying)),
        gates=np.stack([first, second], axis=1),
        nonlinear=nonlinear,
        styles=styles,
        scale=scale,
    )


def _gate_keepers(
    random: np.random.Generator, first: IntArray, *, styles: int, paying: IntArray
) -> IntArray:
    """For each characteristic of `first` another that opens its gate: a style for every second."""
    keepers = np.empty_like(first)
    for index, one in enumerate(first):
        if index % 2 == 0:
            keepers[index] = random.integers(0, styles)
        else:
            keepers[index] = random.choice(paying[paying != one])
    return keepers
