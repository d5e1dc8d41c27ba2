"""What validation leads one to expect: the band, the verdict and its power."""

from __future__ import annotations

import math

import numpy as np
import pytest

from numeri_cli.scoring.expectation import (
    MOST_ROUNDS,
    Expectation,
    overlap,
    spaced,
)

ERAS = 86


def scored(*, mean: float, seed: int = 1, eras: int = ERAS, horizon: int = 20) -> np.ndarray:
    """Eras a week apart, each the mean of so many days."""
    days = np.random.default_rng(seed).standard_normal(5 * eras + horizon)
    sums = np.concatenate([[0.0], np.cumsum(days)])
    starts = 5 * np.arange(eras)
    return np.asarray(mean + (sums[starts + horizon] - sums[starts]) / math.sqrt(horizon))


def test_the_share_of_days_that_rounds_share_is_that_of_their_distance() -> None:
    shared = overlap(np.array([0.0, 1.0, 4.0]), horizon_weeks=4.0)
    assert shared.tolist() == [[1, 0.75, 0], [0.75, 1, 0.25], [0, 0.25, 1]]
    assert spaced(3, 1.0, horizon_weeks=4.0) == pytest.approx(
        overlap(np.arange(3.0), horizon_weeks=4.0).mean()
    )
    assert spaced(5, 4.0, horizon_weeks=4.0) == pytest.approx(1 / 5)


def test_eras_that_share_days_tell_less_than_as_many_that_do_not() -> None:
    values = scored(mean=1.0)
    apart = Expectation(values, horizon_days=5)
    sharing = Expectation(values, horizon_days=60)
    assert apart.freedom == pytest.approx(ERAS - 1)
    assert sharing.freedom < 15
    weeks = np.arange(12.0)
    assert np.ptp([edge[-1] for edge in sharing.band(weeks)]) > 2 * np.ptp(
        [edge[-1] for edge in apart.band(weeks)]
    )


def test_the_verdict_is_whether_the_sum_left_the_band() -> None:
    expected = Expectation(scored(mean=1.0), horizon_days=20)
    weeks = np.arange(30.0)
    low, high = expected.band(weeks)
    for edge, inside, outside in ((low[-1], 0.01, -0.01), (high[-1], -0.01, 0.01)):
        assert expected.judge(np.full(30, edge / 30 + inside), weeks).verdict == "as validated"
        verdict = expected.judge(np.full(30, edge / 30 + outside), weeks).verdict
        assert verdict == ("lower" if outside < 0 else "higher")
    found = expected.judge(np.full(30, expected.mean), weeks)
    assert (30 * found.low, 30 * found.high) == pytest.approx((low[-1], high[-1]))


def test_the_rounds_that_are_needed_are_the_fewest_with_the_power() -> None:
    expected = Expectation(scored(mean=1.2, eras=300), horizon_days=20)
    needed = expected.rounds_needed(0.2)
    assert needed is not None
    assert expected.power(spaced(needed, 0.2, horizon_weeks=4.0)) >= 0.8
    assert expected.power(spaced(needed - 1, 0.2, horizon_weeks=4.0)) < 0.8
    weekly = expected.rounds_needed(1.0)
    assert weekly is not None
    assert weekly < needed  # rounds further apart share fewer days


def test_where_validation_is_too_short_no_number_of_rounds_is_named() -> None:
    assert Expectation(scored(mean=0.3, eras=30), horizon_days=60).rounds_needed(1.0) is None
    assert Expectation(scored(mean=-1.0), horizon_days=20).rounds_needed(1.0) is None
    assert MOST_ROUNDS == 2_600


def test_power_is_how_often_a_halving_is_told() -> None:
    expected = Expectation(scored(mean=1.2, eras=300), horizon_days=20)
    weeks = np.arange(40.0)
    told = expected.judge(np.full(40, expected.mean), weeks).power
    halved = [
        expected.judge(scored(mean=expected.mean / 2, seed=seed, eras=40), weeks).verdict
        for seed in range(2, 402)
    ]
    assert halved.count("lower") / 400 == pytest.approx(told, abs=0.06)


@pytest.mark.parametrize("values", [np.full(30, 0.5), np.arange(19.0), np.full(40, np.nan)])
def test_nothing_is_expected_of_too_few_eras_or_of_a_constant(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"few|never"):
        Expectation(values, horizon_days=20)


def test_a_missing_era_keeps_its_place() -> None:
    values = scored(mean=1.0)
    values[10:50] = np.nan
    expected = Expectation(values, horizon_days=20)
    closer = Expectation(values[~np.isnan(values)], horizon_days=20)
    assert expected.eras == closer.eras == ERAS - 40
    assert expected.variance != closer.variance
