from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring as library

from numeri_cli.scoring.paired_test import compare, overlap_lags
from numeri_cli.scoring.score_table import score_named
from numeri_cli.scoring.summary import (
    PayoutRule,
    autocorrelation,
    drawdown,
    smart_penalty,
    summarize,
    underwater,
)

SERIES = np.array([0.02, -0.01, -0.02, 0.01, 0.03, -0.04, 0.02])


def test_a_summary_of_seven_eras_by_hand() -> None:
    summary = summarize(SERIES)
    assert summary.eras == 7
    assert summary.mean == pytest.approx(0.01 / 7)
    assert summary.std == pytest.approx(np.sqrt(0.0039 / 7 - (0.01 / 7) ** 2))
    assert summary.sharpe == pytest.approx(summary.mean / summary.std)
    assert summary.drawdown == pytest.approx(0.04)  # 0.03 → −0.01; the first fall was 0.03
    assert summary.drawdown_eras == 2  # from the fifth era to the end, never recovered
    assert summary.positive == pytest.approx(4 / 7)
    assert np.isnan([summary.last_20, summary.last_52]).all()  # there are not so many


def test_sharpe_and_autocorrelation_are_the_librarys_and_pandas() -> None:
    values = np.random.default_rng(0).normal(0.01, 0.02, 90)
    summary = summarize(values)
    assert summary.sharpe == pytest.approx(library.sharpe_ratio(pd.Series(values)), abs=1e-12)
    assert summary.autocorrelation == pytest.approx(pd.Series(values).autocorr(1), abs=1e-12)
    assert summary.last_20 == pytest.approx(values[-20:].mean())
    assert summary.last_52 == pytest.approx(values[-52:].mean())


def test_eras_without_a_score_are_left_out() -> None:
    holes = np.array([np.nan, 0.02, -0.01, np.nan, -0.02, 0.01, 0.03, -0.04, np.nan, 0.02])
    assert summarize(holes) == summarize(SERIES)


def test_too_few_eras_give_nan_and_no_warning() -> None:
    assert summarize(np.full(3, np.nan)).eras == 0
    one = summarize(np.array([0.01]))
    assert (one.eras, one.mean, one.drawdown) == (1, 0.01, 0.0)
    assert np.isnan([one.sharpe, one.autocorrelation, one.smart_sharpe]).all()
    assert np.isnan(summarize(np.full(30, 0.1)).sharpe)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 1, 1], (0, 0)),
        ([-5, 1, 1], (0, 0)),  # the first era's own loss has no high to fall from
        ([1, -3, 1, 1, 2], (3, 4)),  # recovered in the fifth era
        ([1, -3, 1, 1, 0.5], (3, 4)),  # not recovered: until the end
        ([1, -1, 2, -2, 5], (2, 2)),
        ([], (0, 0)),
    ],
)
def test_the_drawdown_is_the_deepest_fall_and_its_length(
    values: list[float], expected: tuple[float, int]
) -> None:
    assert drawdown(np.array(values, dtype=float)) == expected


def test_underwater_is_never_negative_and_zero_at_every_high() -> None:
    below = underwater(SERIES)
    assert below.min() == 0
    assert below == pytest.approx([0, 0.01, 0.03, 0.02, 0, 0.04, 0.02])


def test_autocorrelation_makes_the_sharpe_smaller() -> None:
    generator = np.random.default_rng(1)
    noise = generator.normal(0, 1, 400)
    lasting = np.array([noise[max(0, place - 3) : place + 1].sum() for place in range(400)]) + 1
    summary = summarize(lasting)
    assert autocorrelation(lasting) > 0.5
    assert summary.smart_sharpe < 0.7 * summary.sharpe
    assert smart_penalty(0.0, 50) == 1


def newey_west_by_definition(difference: np.ndarray, lags: int) -> float:
    count = len(difference)
    centred = difference - difference.mean()
    variance = sum(
        (1 - abs(i - j) / (lags + 1)) * centred[i] * centred[j]
        for i in range(count)
        for j in range(count)
        if abs(i - j) <= lags
    )
    return float(np.sqrt(variance) / count)


def test_the_paired_tests_standard_error_is_newey_wests() -> None:
    first, second = np.random.default_rng(2).normal(0, 0.02, (2, 60))
    first = first + 0.01
    test = compare(first, second, lags=4)
    error = newey_west_by_definition(first - second, 4)
    assert test.standard_error == pytest.approx(error, abs=1e-14)
    assert test.t == pytest.approx((first - second).mean() / error)
    assert compare(second, first, lags=4).t == pytest.approx(-test.t)


def test_overlapping_targets_widen_the_standard_error() -> None:
    noise = np.random.default_rng(3).normal(0, 1, 503)
    overlapping = np.convolve(noise, np.ones(4), mode="valid")
    nothing = np.zeros(500)
    naive, honest = (compare(overlapping, nothing, lags=lags) for lags in (0, 12))
    assert honest.standard_error > 1.5 * naive.standard_error


def test_false_alarms_are_as_rare_as_they_should_be() -> None:
    generator = np.random.default_rng(4)
    alarms = naive_alarms = 0
    for _ in range(400):
        noise = generator.normal(0, 1, 303)
        overlapping = np.convolve(noise, np.ones(4), mode="valid")
        alarms += abs(compare(overlapping, np.zeros(300), lags=4).t) >= 1.96
        naive_alarms += abs(compare(overlapping, np.zeros(300), lags=0).t) >= 1.96
    assert alarms / 400 < 0.15  # Bartlett weights leave a little above the nominal 5 %
    assert naive_alarms / 400 > 0.25


def test_equal_series_and_no_common_era_cannot_be_told_apart() -> None:
    assert np.isnan(compare(SERIES, SERIES, lags=4).t)
    assert not compare(SERIES, SERIES, lags=4).beyond_noise
    apart = compare(np.array([1.0, np.nan]), np.array([np.nan, 1.0]), lags=4)
    assert (apart.eras, apart.beyond_noise) == (0, False)


@pytest.mark.parametrize(("days", "eras"), [(20, 4), (60, 12), (1, 1), (23, 5)])
def test_lags_cover_the_targets_horizon(days: int, eras: int) -> None:
    assert overlap_lags(days) == eras


def test_a_payout_is_weighted_factored_and_clipped() -> None:
    rule = PayoutRule(
        multipliers=((score_named("corr"), 0.75), (score_named("mmc"), 2.25)), clip=0.05, factor=0.5
    )
    paid = rule.per_era([np.array([0.02, 0.2, -0.2, 0.01]), np.array([0.004, 0, 0, np.nan])])
    assert paid == pytest.approx([0.5 * (0.015 + 0.009), 0.05, -0.05, np.nan], nan_ok=True)
