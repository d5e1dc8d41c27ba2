"""How much too good the best of many is, and from when on a difference is more than luck."""

from __future__ import annotations

import math

import numpy as np
import pytest

from numeri_cli.scoring.optimism import (
    critical_t,
    expected_maximum,
    expected_optimism,
    gain,
    sharpe_series,
)
from numeri_cli.scoring.summary import summarize


def test_the_expected_greatest_of_normal_values_is_that_of_tables() -> None:
    known = {1: 0.0, 2: 1 / math.sqrt(math.pi), 3: 1.5 / math.sqrt(math.pi), 10: 1.53875}
    known |= {100: 2.50759}
    for count, value in known.items():
        assert expected_maximum(count) == pytest.approx(value, abs=1e-4)


def test_the_best_of_many_equal_trials_is_as_much_too_good_as_is_said() -> None:
    drawn = np.random.default_rng(1).normal(0.02, 0.003, size=(2000, 40))
    said = np.mean([expected_optimism(list(row), count=40) for row in drawn])
    true = np.mean(drawn.max(axis=1) - 0.02)
    assert said == pytest.approx(true, rel=0.03)


def test_trials_given_up_early_compete_too_and_two_trials_say_nothing() -> None:
    values = [0.01, 0.02, 0.03]
    assert expected_optimism(values, count=30) > expected_optimism(values, count=3) > 0
    assert math.isnan(expected_optimism(values[:2], count=2))


def test_few_eras_that_share_days_need_a_larger_t() -> None:
    assert critical_t(400, 0) == pytest.approx(1.96, abs=0.08)
    assert 2.1 < critical_t(52, 4) < critical_t(52, 12) < 5
    assert critical_t(12, 12) == math.inf


@pytest.mark.parametrize("lags", [0, 4, 12])
def test_luck_alone_seldom_tells_two_series_apart(lags: int) -> None:
    rng, eras, tries = np.random.default_rng(lags), 52, 400
    kernel = np.ones(lags + 1) / math.sqrt(lags + 1)
    told = 0
    for _ in range(tries):
        noise = np.convolve(rng.normal(size=eras + lags), kernel, mode="valid")
        told += not gain(noise, np.zeros(eras), lags=lags).within_noise
    assert told / tries < 0.05  # 2.5 %, and what 400 tries leave open


def test_a_loss_however_sure_is_no_gain() -> None:
    noise = np.random.default_rng(2).normal(0, 0.01, 60)
    assert not gain(noise + 0.05, noise * 0, lags=0).within_noise
    lost = gain(noise - 0.05, noise * 0, lags=0)
    assert lost.t < -5
    assert lost.within_noise


def test_the_mean_of_a_sharpe_series_is_the_sharpe_and_its_error_that_of_the_sharpe() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0.02, 0.03, 80)
    values[5] = np.nan
    assert np.nanmean(sharpe_series(values)) == pytest.approx(summarize(values).sharpe)
    sharpes = [summarize(rng.normal(0.02, 0.03, 80)).sharpe for _ in range(400)]
    error = gain(sharpe_series(values), np.zeros(80), lags=0).standard_error
    assert error == pytest.approx(np.std(sharpes), rel=0.25)
