"""Features, ids, names and targets: equal bins, nothing readable, neutral to known factors."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

from numeri_cli.practice.market.features import FeaturePlan, equal_bins
from numeri_cli.practice.market.market import Market
from numeri_cli.practice.market.names import (
    ADJECTIVES,
    NOUNS,
    THEME_SETS,
    feature_names,
    row_ids,
    row_order,
)
from numeri_cli.practice.market.targets import (
    SCHEMES,
    TARGETS,
    RiskModel,
    eras_to_resolve,
    horizon_of,
)
from numeri_cli.practice.market.universe import WorldSettings

SETTINGS = WorldSettings(seed=9, stocks=1000, eras=60, features=240)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market.of(SETTINGS)


@pytest.fixture(scope="module")
def plan(market: Market) -> FeaturePlan:
    return FeaturePlan.of(SETTINGS, market.plan)


def test_bins_are_of_equal_size_and_in_order() -> None:
    values = np.random.default_rng(0).standard_normal((30, 1000)).astype(np.float32)
    binned = equal_bins(values)
    for row, original in zip(binned, values, strict=True):
        assert np.bincount(row).tolist() == [200] * 5
        edges = [(original[row == code].min(), original[row == code].max()) for code in range(5)]
        assert all(below[1] < above[0] for below, above in pairwise(edges))


def test_bins_are_of_equal_size_though_values_are_tied_at_an_edge() -> None:
    values = np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32)
    values[1, 100:700] = 0.25
    values[0] = 1.0
    for row in equal_bins(values):
        assert np.bincount(row, minlength=5).tolist() == [200] * 5


def test_bins_differ_by_one_where_the_number_is_not_divisible() -> None:
    values = np.random.default_rng(0).standard_normal((3, 153)).astype(np.float32)
    for row in equal_bins(values):
        assert set(np.bincount(row).tolist()) == {30, 31}


def test_features_come_in_families_of_four_to_six(plan: FeaturePlan) -> None:
    sizes = np.bincount(plan.characteristic)
    assert sizes.min() >= 4
    assert sizes.max() <= 6
    assert sizes.sum() == 240


def test_features_of_a_family_are_alike_and_others_are_not(
    market: Market, plan: FeaturePlan
) -> None:
    noise = plan.first_noise(SETTINGS.seed, SETTINGS.stocks)
    characteristics = market.characteristics(market.first_state())
    features = plan.features(characteristics, noise, era=60)
    alike = np.abs(np.corrcoef(features.astype(float)))
    above = np.triu(np.ones(alike.shape, dtype=bool), 1)
    family = plan.characteristic[:, None] == plan.characteristic
    assert 0.4 < alike[above & family].mean() < 0.7
    assert alike[above & ~family].mean() < 0.08


def test_a_late_feature_is_two_for_every_stock_until_it_begins(
    market: Market, plan: FeaturePlan
) -> None:
    late = plan.first_era > 1
    assert 0.02 < late.mean() < 0.3
    noise = plan.first_noise(SETTINGS.seed, SETTINGS.stocks)
    characteristics = market.characteristics(market.first_state())
    before = plan.features(characteristics, noise, era=1)
    after = plan.features(characteristics, noise, era=int(plan.first_era.max()))
    assert (before[late] == 2).all()
    assert all(set(row.tolist()) == {0, 1, 2, 3, 4} for row in after)


def test_noise_persists_from_week_to_week(plan: FeaturePlan) -> None:
    noise = plan.first_noise(1, 1000)
    following = plan.next_noise(1, 2, noise=noise)
    measured = [np.corrcoef(a, b)[0, 1] for a, b in zip(noise, following, strict=True)]
    assert np.abs(np.array(measured) - plan.persistence).max() < 0.15
    assert abs(following.std() - 1) < 0.01


def test_feature_sets_are_nested_and_sorted(market: Market, plan: FeaturePlan) -> None:
    sets = plan.sets(SETTINGS.seed, market.plan)
    assert set(sets) >= {"small", "medium", "all", "fncv3_features", *THEME_SETS}
    assert set(sets["small"]) < set(sets["medium"]) < set(sets["all"])
    assert set(sets["fncv3_features"]) <= set(sets["all"])
    assert sets["all"] == plan.names == tuple(sorted(plan.names))
    assert len(sets["medium"]) == 100
    themes = [name for theme in THEME_SETS for name in sets[theme]]
    assert sorted(themes) == list(plan.names)


def test_names_are_different_words_and_enough_for_the_real_size() -> None:
    assert len(set(ADJECTIVES)) == len(ADJECTIVES)
    assert len(set(NOUNS)) == len(NOUNS)
    names = feature_names(1, 3555)
    assert len(set(names)) == 3555
    pattern = re.compile(r"feature_[a-z]+_[a-z]+_[a-z]+")
    assert all(pattern.fullmatch(name) for name in names)
    assert names == feature_names(1, 3555)
    assert len(set(names) & set(feature_names(2, 3555))) < 100


def test_ids_are_fresh_in_every_era() -> None:
    first, second = row_ids(1, 1, count=2000), row_ids(1, 2, count=2000)
    assert all(re.fullmatch(r"n[0-9a-f]{15}", row) for row in first.tolist())
    assert len({*first.tolist(), *second.tolist()}) == 4000


def test_the_order_of_rows_is_fresh_in_every_era() -> None:
    first, second = row_order(1, 1, count=2000), row_order(1, 2, count=2000)
    assert sorted(first.tolist()) == list(range(2000))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1
    assert abs(np.corrcoef(first, np.arange(2000))[0, 1]) < 0.1


def test_targets_are_known_after_five_and_thirteen_weeks() -> None:
    assert eras_to_resolve(20) == 5
    assert eras_to_resolve(60) == 13
    assert [horizon_of(name) for name in TARGETS[:2]] == [20, 60]
    assert horizon_of("target") == 60


def resolved(market: Market, *, horizon_days: int, shock: np.ndarray) -> np.ndarray:
    """(schemes, stocks) targets where returns are `shock` on one day of the horizon."""
    returns = np.zeros((5 * eras_to_resolve(horizon_days), SETTINGS.stocks), dtype=np.int32)
    returns[10] = np.rint(shock * 1e7)
    styles = market.characteristics(market.first_state())[: market.plan.styles]
    return RiskModel.of(market.stocks).resolve(styles, returns, horizon_days=horizon_days)


@pytest.mark.parametrize("days", [20, 60])
def test_targets_have_their_shares_and_rank_what_is_the_stocks_own(
    market: Market, days: int
) -> None:
    own = 0.05 * np.random.default_rng(1).standard_normal(SETTINGS.stocks)
    for codes in resolved(market, horizon_days=days, shock=own):
        assert np.bincount(codes).tolist() == [50, 200, 500, 200, 50]
        assert np.corrcoef(codes, own)[0, 1] > 0.8


def test_a_target_shows_nothing_of_the_factors_its_scheme_takes_out(market: Market) -> None:
    generator = np.random.default_rng(2)
    styles = market.characteristics(market.first_state())[: market.plan.styles]
    country = 0.3 * generator.standard_normal(market.stocks.countries)[market.stocks.country]
    sector = 0.3 * generator.standard_normal(market.stocks.sectors)[market.stocks.sector]
    own = 0.02 * generator.standard_normal(SETTINGS.stocks)
    known = country + sector + 0.5 * market.stocks.beta + 0.2 * styles.sum(axis=0)
    by_name = dict(
        zip(
            [scheme.name for scheme in SCHEMES],
            resolved(market, horizon_days=20, shock=known + own),
            strict=True,
        )
    )
    assert abs(np.corrcoef(by_name["ender"], known)[0, 1]) < 0.1
    assert np.corrcoef(by_name["ender"], own)[0, 1] > 0.8
    assert abs(np.corrcoef(by_name["jasper"], styles.sum(axis=0))[0, 1]) > 0.5  # styles stay in
    assert abs(np.corrcoef(by_name["teager2b"], country)[0, 1]) > 0.5  # countries stay in


def test_returns_before_the_lag_and_after_the_horizon_do_not_count(market: Market) -> None:
    styles = market.characteristics(market.first_state())[: market.plan.styles]
    risk = RiskModel.of(market.stocks)
    generator = np.random.default_rng(3)
    returns = generator.integers(-300_000, 300_000, (25, SETTINGS.stocks)).astype(np.int32)
    before = risk.resolve(styles, returns, horizon_days=20)
    changed = returns.copy()
    changed[[0, 1, 22, 23, 24]] *= -3
    assert (risk.resolve(styles, changed, horizon_days=20) == before).all()
    changed[21] *= -3
    assert (risk.resolve(styles, changed, horizon_days=20) != before).any()
