from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools import scoring as library

from numeri_cli.scoring.ranks import gaussianize, power, rank_average, rank_uniform
from tests.support import oracle


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(oracle.KINDS), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_ranks_are_the_librarys_for_every_kind_of_column(kind: str, count: int, seed: int) -> None:
    values = oracle.column(kind, count, np.random.default_rng(seed))
    frame = pd.DataFrame({"a": values}, index=oracle.ids(count))
    assert rank_average(values) == pytest.approx(frame["a"].rank().to_numpy(), nan_ok=True)
    uniform = library.tie_kept_rank(frame)
    assert rank_uniform(values) == pytest.approx(uniform["a"].to_numpy(), nan_ok=True)
    gaussian = library.gaussian(uniform)["a"].to_numpy()
    assert gaussianize(values) == pytest.approx(gaussian, abs=1e-12, nan_ok=True)


def test_ranks_of_a_handful_by_hand() -> None:
    values = np.array([3.0, 1.0, np.nan, 3.0, -np.inf, 0.0, -0.0])
    assert rank_average(values) == pytest.approx([5.5, 4, np.nan, 5.5, 1, 2.5, 2.5], nan_ok=True)


def test_columns_are_ranked_each_for_itself() -> None:
    values = np.random.default_rng(0).random((40, 3)).round(1)
    for rule in (rank_average, rank_uniform, gaussianize):
        alone = np.stack([rule(values[:, place]) for place in range(3)], axis=1)
        np.testing.assert_array_equal(rule(values), alone)
        np.testing.assert_array_equal(rule(np.asfortranarray(values)), alone)


def test_integers_and_short_floats_are_ranked_as_they_are() -> None:
    assert rank_average(np.array([2, 0, 2], dtype=np.int8)).tolist() == [2.5, 1, 2.5]
    assert rank_average(np.array([2, 0, 1], dtype=np.float32)).tolist() == [3, 1, 2]


def test_uniform_ranks_lie_strictly_inside_the_unit_interval_around_a_half() -> None:
    uniform = rank_uniform(np.random.default_rng(1).random(999))
    assert uniform.min() > 0
    assert uniform.max() < 1
    assert uniform.mean() == pytest.approx(0.5, abs=1e-15)


def test_a_constant_column_becomes_zero_and_nothing_stays_nothing() -> None:
    assert gaussianize(np.full(7, 0.1)).tolist() == [0.0] * 7
    assert gaussianize(np.empty(0)).size == 0
    assert np.isnan(gaussianize(np.full(3, np.nan))).all()


@pytest.mark.parametrize("exponent", [0.5, 1.5, 3.0])
def test_power_keeps_the_sign(exponent: float) -> None:
    values = np.array([-2.0, -0.5, 0.0, 3.0])
    expected = np.sign(values) * np.abs(values) ** exponent
    np.testing.assert_allclose(power(values, exponent), expected, rtol=1e-15)
