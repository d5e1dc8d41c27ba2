"""A mark stands only where a difference is more than noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from numeri_cli.scoring.noise import best_beyond_noise
from numeri_cli.scoring.paired_test import compare, noise_limit
from numeri_cli.scoring.quarters import quarters
from numeri_cli.scoring.summary import FIGURES, summarize

BY_NAME = {figure.name: figure for figure in FIGURES}


def test_marks_of_nothing_but_overlapping_noise_are_rare_and_were_common() -> None:
    generator = np.random.default_rng(7)
    marks = telling = 0
    for _ in range(300):
        first, second = (
            np.convolve(generator.standard_normal(51), np.ones(12) / 12, mode="valid")
            for _ in range(2)
        )
        marks += best_beyond_noise(BY_NAME["mean"], [first, second], lags=12) is not None
        telling += abs(compare(first, second, lags=12).t) >= 1.96
    assert telling / 300 > 0.25
    assert marks / 300 < 0.17


def test_the_limit_falls_towards_that_of_many_eras_and_few_eras_say_nothing() -> None:
    limits = [noise_limit(eras, 12) for eras in (26, 40, 100, 1000, 100_000)]
    assert limits == sorted(limits, reverse=True)
    assert limits[-1] == pytest.approx(2.3263, abs=1e-3)
    assert noise_limit(25, 12) == noise_limit(0, 4) == math.inf


def test_so_many_eras_as_are_needed_are_just_enough() -> None:
    test = compare(np.random.default_rng(2).normal(0.002, 0.02, 60), np.zeros(60), lags=4)
    assert not test.beyond_noise
    t_then = abs(test.t) * (test.eras_to_tell / test.eras) ** 0.5
    assert t_then == pytest.approx(noise_limit(test.eras_to_tell, 4), rel=1e-6)


@pytest.mark.parametrize("name", ["mean", "sharpe", "positive", "last_20"])
def test_the_better_one_is_marked_once_it_is_better_by_more_than_noise(name: str) -> None:
    noise = np.random.default_rng(3).normal(0.005, 0.02, 80)
    better, worse = noise + 0.05, noise
    other = np.random.default_rng(4).normal(0.005, 0.02, 80)
    figure = BY_NAME[name]
    assert best_beyond_noise(figure, [worse, better], lags=4) == 1
    assert best_beyond_noise(figure, [worse, other], lags=4) is None
    assert best_beyond_noise(figure, [other, worse, better], lags=4) == 2
    assert best_beyond_noise(figure, [worse], lags=4) is None


def test_of_a_score_that_should_be_low_the_lower_one_is_marked() -> None:
    noise = np.random.default_rng(3).normal(0.5, 0.02, 80)
    series = [noise + 0.1, noise]
    assert best_beyond_noise(BY_NAME["mean"], series, score_is_lower=True, lags=4) == 1


def test_a_figure_of_one_history_and_a_source_without_an_era_win_nothing() -> None:
    noise = np.random.default_rng(3).normal(0.005, 0.02, 80)
    for name in ("drawdown", "drawdown_eras", "std", "autocorrelation", "smart_sharpe", "eras"):
        assert best_beyond_noise(BY_NAME[name], [noise, noise + 0.05], lags=4) is None
    nothing = np.full(80, np.nan)
    for figure in FIGURES:
        assert best_beyond_noise(figure, [noise, nothing], lags=4) is None
        assert best_beyond_noise(figure, [nothing, nothing], lags=4) is None
        if figure.name != "eras":
            assert math.isnan(figure.of(summarize(nothing))), figure.name


def test_a_quarter_is_thirteen_weeks_however_far_apart_the_eras_are() -> None:
    values = np.where(np.arange(30) < 10, -1.0, 1.0)
    spans = quarters(values, np.arange(30.0))
    assert len(spans.means) == 18
    assert spans.means[0] == pytest.approx((-10 + 3) / 13)
    assert (spans.first[0], spans.last[0]) == (0, 12)
    assert spans.losing == pytest.approx(4 / 18)  # those with seven eras below zero and more
    assert spans.worst == 0
    rare = quarters(values, np.arange(30.0) * 4)
    assert rare.means[0] == -1.0
    assert rare.last[0] == 3
    assert quarters(values[:12], np.arange(12.0)).worst is None
    assert math.isnan(quarters(values[:12], np.arange(12.0)).losing)
    gap = values.copy()
    gap[3] = np.nan
    assert quarters(gap, np.arange(30.0)).means[0] == pytest.approx((-9 + 3) / 12)
