"""What can be found out all the same, measured; numeri_cli/practice/publisher.py tells of it.

The figures of the default world are those of `python -m tests.practice.test_leaks_by_nature`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from numeri_cli.practice.market.features import FeaturePlan
from numeri_cli.practice.market.market import Market
from numeri_cli.practice.market.names import row_ids
from numeri_cli.practice.market.targets import SCHEMES, RiskModel
from numeri_cli.practice.market.universe import Stocks, WorldSettings
from numeri_cli.scoring.ranks import rank_average

SMALL = WorldSettings(seed=11, stocks=400, eras=48, features=48)
ERAS = 60
WEEKS_APART = (1, 4, 13, 26, 52)
ENDER, TEAGER = 0, 2
FOLLOWED = slice(0, 45)  # eras over which rows of the same stock are taken together


@dataclass(frozen=True)
class Shown:
    """What is published of some eras, rows in order of stocks, as if all were followed.

    features: by era (features, stocks); targets: by era (schemes, stocks), of 20 days
    """

    stocks: Stocks
    features: list[np.ndarray]
    targets: list[np.ndarray]


def shown(settings: WorldSettings) -> Shown:
    """The eras of a world from the first on, with every feature there from the beginning."""
    market = Market.of(settings)
    plan, risk = FeaturePlan.of(settings, market.plan), RiskModel.of(market.stocks)
    state, noise = market.first_state(), plan.first_noise(settings.seed, settings.stocks)
    features, styles, returns = [], [], []
    for era in range(1, ERAS + 1):
        characteristics = market.characteristics(state)
        features.append(plan.features(characteristics, noise, era=settings.eras))
        styles.append(characteristics[: market.plan.styles].astype(np.float32))
        week, state = market.week(state)
        returns.append(week)
        noise = plan.next_noise(settings.seed, era + 1, noise=noise)
    targets = [
        risk.resolve(
            styles[at].astype(np.float64), np.concatenate(returns[at : at + 5]), horizon_days=20
        )
        for at in range(ERAS - 5)
    ]
    return Shown(market.stocks, features, targets)


@pytest.fixture(scope="module")
def small() -> Shown:
    return shown(SMALL)


def followed(one: Shown, weeks: int) -> float:
    """Share of stocks whose row is the likest to their row some weeks before, among all."""
    first, second = (one.features[at].T.astype(float) - 2 for at in (5, 5 + weeks))
    distance = (second**2).sum(axis=1)[None] - 2 * first @ second.T
    return float((distance.argmin(axis=1) == np.arange(len(first))).mean())


def told_apart(likeness: np.ndarray, groups: np.ndarray) -> float:
    """How often a pair of one group is more alike than a pair of two: 0.5 is chance."""
    above = np.triu_indices(len(groups), 1)
    ranks = rank_average(likeness[above])
    together = (groups[:, None] == groups)[above]
    inside, across = together.sum(), (~together).sum()
    return float((ranks[together].sum() - inside * (inside + 1) / 2) / (inside * across))


def countries(one: Shown, eras: slice) -> float:
    """How well stocks of a country are told by a target that keeps countries, less one without."""
    moves = np.stack([target[TEAGER] - target[ENDER].astype(float) for target in one.targets[eras]])
    return told_apart(moves.T @ moves, one.stocks.country)


def sectors(one: Shown, eras: slice) -> float:
    """How well stocks of a sector are told by likeness of their features, added over eras."""
    rows = np.sum(one.features[eras], axis=0) - 2.0 * len(one.features[eras])
    return told_apart(rows.T @ rows, one.stocks.sector)


def by_one_era(tell: Callable[[Shown, slice], float], one: Shown) -> float:
    """The mean over some eras, each alone."""
    return float(np.mean([tell(one, slice(era, era + 1)) for era in range(0, 50, 10)]))


def guessed_seed(first_id: str, *, below: int) -> int | None:
    """The first seed whose world begins with this id."""
    tried = (seed for seed in range(below) if row_ids(seed, 1, count=1)[0] == first_id)
    return next(tried, None)


def test_a_stock_can_be_followed_for_a_season_by_what_its_features_look_like(small: Shown) -> None:
    found = {weeks: followed(small, weeks) for weeks in WEEKS_APART}
    assert found[1] > 0.99
    assert found[4] > 0.95
    assert 0.3 < found[13] < 0.6
    assert found[52] < 0.1


def test_who_follows_stocks_for_a_year_can_tell_their_countries_apart_by_two_targets(
    small: Shown,
) -> None:
    assert [scheme.name for scheme in SCHEMES][:3] == ["ender", "jasper", "teager2b"]
    assert countries(small, FOLLOWED) > 0.85
    assert by_one_era(countries, small) < 0.6


def test_sectors_can_hardly_be_told_apart(small: Shown) -> None:
    assert 0.5 < by_one_era(sectors, small) < 0.56
    assert 0.5 < sectors(small, FOLLOWED) < 0.6


def test_a_seed_that_people_choose_can_be_guessed_from_an_id() -> None:
    assert guessed_seed(row_ids(SMALL.seed, 1, count=SMALL.stocks)[0], below=200) == SMALL.seed
    assert guessed_seed(row_ids(2**62 + 12345, 1, count=9)[0], below=200) is None


def _figures() -> None:
    one = shown(WorldSettings())
    for weeks in WEEKS_APART:
        print(f"followed over {weeks} weeks: {followed(one, weeks):.2f}")
    for tell in (countries, sectors):
        alone, together = by_one_era(tell, one), tell(one, FOLLOWED)
        print(f"{tell.__name__}: {alone:.2f}, {together:.2f}")
    begun = time.monotonic()
    guessed_seed("", below=5000)
    print(f"{5000 / (time.monotonic() - begun):,.0f} seeds a second")


if __name__ == "__main__":
    _figures()
