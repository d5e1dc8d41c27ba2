"""The market: what is drawn when, and whether it looks like one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from numeri_cli.errors import PracticeSettings
from numeri_cli.practice.market.market import RETURN_UNIT, Market, MarketState
from numeri_cli.practice.market.random_streams import Purpose, stream
from numeri_cli.practice.market.universe import WorldSettings

SETTINGS = WorldSettings(seed=3, stocks=600, eras=120, features=120)


def run(market: Market, weeks: int) -> tuple[np.ndarray, list[MarketState]]:
    """(days, stocks) log returns of the first weeks, and the eves."""
    state, returns, states = market.first_state(), [], []
    for _ in range(weeks):
        states.append(state)
        week, state = market.week(state)
        returns.append(week)
    return np.concatenate(returns) * RETURN_UNIT, [*states, state]


@pytest.fixture(scope="module")
def market() -> Market:
    return Market.of(SETTINGS)


@pytest.fixture(scope="module")
def past(market: Market) -> tuple[np.ndarray, list[MarketState]]:
    return run(market, 120)


def test_a_stream_is_a_matter_of_seed_purpose_and_moment_alone() -> None:
    def first(seed: int, purpose: Purpose, moment: int) -> int:
        return int(stream(seed, purpose, moment).integers(0, 2**62))

    drawn = {
        first(seed, purpose, moment)
        for seed in (1, 2)
        for purpose in (Purpose.day, Purpose.order)
        for moment in (0, 1, 2)
    }
    assert len(drawn) == 12
    assert first(1, Purpose.day, 2) == first(1, Purpose.day, 2)


def test_a_week_depends_on_its_eve_and_not_on_what_was_asked_before(market: Market) -> None:
    state = market.first_state()
    for _ in range(3):
        _, state = market.week(state)
    once, after_once = market.week(state)
    again, after_again = Market.of(SETTINGS).week(state)
    assert (once == again).all()
    assert after_once.log_volatility.tolist() == after_again.log_volatility.tolist()
    assert (after_once.own == after_again.own).all()


def test_another_seed_is_another_market(market: Market) -> None:
    other = Market.of(replace(SETTINGS, seed=4))
    assert (market.stocks.beta != other.stocks.beta).all()
    assert (market.week(market.first_state())[0] != other.week(other.first_state())[0]).any()


def test_characteristics_have_unit_variance_and_persist(
    market: Market, past: tuple[np.ndarray, list[MarketState]]
) -> None:
    eves = past[1]
    values = np.stack([market.characteristics(eve) for eve in eves])
    assert np.allclose(values.var(), 1, atol=0.1)
    paired = [
        np.corrcoef(now, then)[0, 1]
        for now, then in zip(values[1:].swapaxes(0, 1), values[:-1].swapaxes(0, 1), strict=True)
        for now, then in [(now.ravel(), then.ravel())]
    ]
    assert 0.75 < min(paired) < max(paired) < 0.999


def test_volatility_and_correlation_are_those_of_a_stock_market(
    past: tuple[np.ndarray, list[MarketState]],
) -> None:
    returns = past[0]
    index = returns.mean(axis=1)
    assert 0.10 < index.std() * 252**0.5 < 0.25
    assert 0.30 < np.median(returns.std(axis=0)) * 252**0.5 < 0.55
    pairs = np.corrcoef(returns.T)[np.triu_indices(returns.shape[1], 1)]
    assert 0.08 < pairs.mean() < 0.30
    standardized = (returns - returns.mean(axis=0)) / returns.std(axis=0)
    assert (standardized**4).mean() > 3.5  # fatter tails than the normal distribution's 3


def test_styles_pay_no_linear_premium_and_the_crowd_stands_on_one_unit(market: Market) -> None:
    plan = market.plan
    assert (plan.linear[: plan.styles] == 0).all()
    assert (plan.crowded[: plan.styles] == 0).all()
    assert np.isclose((plan.crowded**2).sum(), 1)
    assert (plan.gates[:, 0] != plan.gates[:, 1]).all()
    assert (plan.gates[:, 1] < plan.styles).sum() * 2 >= len(plan.gates)


def test_premia_of_a_theme_turn_where_it_is_switched_off(market: Market) -> None:
    state = market.first_state()
    zero = np.zeros_like(state.linear_drift)
    calm = replace(state, linear_drift=zero, crowd_builds=np.ones(1, dtype=np.int8))
    on = market._premia(replace(calm, theme_pays=np.ones_like(state.theme_pays)))
    off = market._premia(replace(calm, theme_pays=np.zeros_like(state.theme_pays)))
    plan = market.plan
    linear = slice(plan.styles, plan.characteristics)
    crowd = 0.02 * plan.crowded[linear] / 20**0.5
    assert np.allclose((off[linear] - crowd) / (on[linear] - crowd), -0.6)
    assert np.allclose(off[plan.characteristics :], on[plan.characteristics :])


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("stocks", 99),
        ("stocks", 20_001),
        ("eras", 39),
        ("features", 11),
        ("features", 10_001),
        ("rivals", 0),
        ("seed", -1),
        ("seed", 2**63),
    ],
)
def test_impossible_measures_are_refused_with_the_possible_ones(measure: str, value: int) -> None:
    with pytest.raises(PracticeSettings) as caught:
        replace(SETTINGS, **{measure: value})
    assert f"{measure} = {value}" in caught.value.message
    assert measure in caught.value.hint


@pytest.mark.parametrize("eras", range(40, 400, 7))
def test_any_length_of_history_leaves_room_for_training_purge_and_validation(eras: int) -> None:
    settings = WorldSettings(eras=eras)
    assert settings.train_eras + 12 <= eras  # every 60-day target of train is known
    assert settings.rival_eras >= 12
    assert settings.rival_eras + 16 == settings.train_eras
    assert settings.chunk_eras <= settings.train_eras  # validation has benchmarks throughout
