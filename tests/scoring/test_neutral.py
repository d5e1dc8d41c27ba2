from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools import scoring as library

from numeri_cli.errors import FileForeign
from numeri_cli.scoring.neutral import neutralize
from numeri_cli.scoring.scores import exposures


def library_neutralize(
    predictions: np.ndarray, features: np.ndarray, proportion: float
) -> np.ndarray:
    made = library.neutralize(pd.DataFrame(predictions), pd.DataFrame(features), proportion)
    return made.to_numpy()


def bins(count: int, width: int, generator: np.random.Generator) -> np.ndarray:
    return generator.integers(0, 5, (count, width)).astype(np.int8)


SPOILERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda F: F,
    "constant columns": lambda F: np.concatenate([F, F[:, :2] * 0 + 2], axis=1),
    "all 2": lambda F: F * 0 + 2,
    "all 0": lambda F: F * 0,
    "doubled": lambda F: np.concatenate([F, F], axis=1),
    "mirrored": lambda F: np.concatenate([F, 4 - F], axis=1),
    "collinear": lambda F: np.concatenate([F, F[:, :1] // 2, F[:, :1] - F[:, :1] // 2], axis=1),
    "dummies": lambda F: (F[:, :1] == np.arange(5)).astype(np.int8),
    "floats": lambda F: F * 0.3,
    "doubled floats": lambda F: np.concatenate([F * 0.3, F * 0.6], axis=1),
    "quarters": lambda F: F * 0.25,
    "nearly alike": lambda F: np.concatenate([F, F + (np.arange(len(F)) == 3)[:, None]], axis=1),
    "hardly alike floats": lambda F: np.concatenate([F * 1.0, F + F[:, ::-1] * 1e-7], axis=1),
    "large": lambda F: F.astype(np.int64) * 10_000,
    "halves of one byte": lambda F: F.astype(np.float16),
    "Fortran order": np.asfortranarray,
    "no features": lambda F: F[:, :0],
    "unsigned": lambda F: F.astype(np.uint8),
}


@pytest.mark.parametrize("spoiler", SPOILERS)
@pytest.mark.parametrize("proportion", [0.0, 0.25, 0.5, 1.0, 1.3])
def test_neutralizing_is_the_librarys_least_squares(spoiler: str, proportion: float) -> None:
    generator = np.random.default_rng(11)
    features = SPOILERS[spoiler](bins(130, 9, generator))
    predictions = generator.standard_normal((130, 3))
    expected = library_neutralize(predictions, features, proportion)
    ours = neutralize(predictions, features, proportion=proportion)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 60),
    st.integers(1, 90),
    st.sampled_from(sorted(SPOILERS)),
    st.floats(0, 1),
    st.integers(0, 2**32 - 1),
)
def test_neutralizing_is_the_librarys_with_more_features_than_rows_too(
    count: int, width: int, spoiler: str, proportion: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    features = SPOILERS[spoiler](bins(count, width, generator))
    predictions = generator.standard_normal((count, 2))
    expected = library_neutralize(predictions, features, proportion)
    ours = neutralize(predictions, features, proportion=proportion)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)


def test_an_era_of_common_factors_doubled_and_absent_columns_is_the_librarys() -> None:
    generator = np.random.default_rng(12)
    factors = generator.standard_normal((1500, 12))
    noisy = factors @ generator.standard_normal((12, 300)) + generator.standard_normal((1500, 300))
    features = np.clip(np.round(noisy / 2 + 2), 0, 4).astype(np.int8)
    features[:, 7] = 2
    features[:, 8] = features[:, 9]
    predictions = generator.standard_normal((1500, 2)) + factors[:, :2]
    expected = library_neutralize(predictions, features, 1.0)
    np.testing.assert_allclose(neutralize(predictions, features), expected, atol=1e-10)


@settings(max_examples=50, deadline=None)
@given(st.integers(10, 200), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_nothing_is_left_of_the_exposures_after_full_neutralization(
    count: int, width: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    features = bins(count, min(width, count // 2), generator)
    neutral = neutralize(generator.random(count), features)
    if np.ptp(neutral) > 1e-6:
        left = np.abs(exposures(neutral, features))
        assert np.nanmax(left, initial=0) < 1e-9


def test_a_single_prediction_keeps_its_shape_and_its_argument() -> None:
    generator = np.random.default_rng(13)
    prediction, features = generator.random(50), bins(50, 3, generator)
    before = prediction.copy(), features.copy()
    alone = neutralize(prediction, features, proportion=0.5)
    assert alone.shape == (50,)
    np.testing.assert_array_equal(
        alone, neutralize(prediction[:, None], features, proportion=0.5)[:, 0]
    )
    np.testing.assert_array_equal(prediction, before[0])
    np.testing.assert_array_equal(features, before[1])


def test_a_constant_prediction_becomes_nan_as_in_the_library_and_spoils_no_other() -> None:
    generator = np.random.default_rng(14)
    predictions = generator.random((60, 2))
    predictions[:, 0] = 0.25
    features = bins(60, 4, generator)
    ours = neutralize(predictions, features)
    np.testing.assert_allclose(ours, library_neutralize(predictions, features, 1.0), atol=1e-9)
    assert np.isnan(ours[:, 0]).all()
    np.testing.assert_allclose(ours[:, 1], neutralize(predictions[:, 1], features), atol=1e-12)


def test_missing_features_are_filled_as_configured() -> None:
    generator = np.random.default_rng(15)
    prediction = generator.random(70)
    features = bins(70, 4, generator).astype(np.float32)
    features[generator.random((70, 4)) < 0.2] = np.nan
    for value in (2.0, 0.5, 0.0):
        filled = np.nan_to_num(features, nan=value)
        ours = neutralize(prediction, features, missing_feature=value)
        expected = library_neutralize(prediction[:, None], filled, 1.0)[:, 0]
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)


def test_predictions_that_are_missing_or_of_other_ids_are_refused() -> None:
    features = np.ones((5, 2))
    with pytest.raises(ValueError, match="NaN"):
        neutralize(np.array([1, 2, np.nan, 4, 5]), features)
    with pytest.raises(ValueError, match="4 predictions, but features of 5"):
        neutralize(np.arange(4.0), features)


def test_a_scale_of_predictions_does_not_matter() -> None:
    generator = np.random.default_rng(16)
    prediction, features = generator.random(90), bins(90, 5, generator)
    plain = neutralize(prediction, features)
    for scale in (1e-12, 1e12):
        np.testing.assert_allclose(
            neutralize(prediction * scale, features) / scale, plain, atol=1e-9
        )


def test_an_infinite_feature_is_refused_and_not_searched_for_ever() -> None:
    features = np.random.default_rng(1).normal(size=(50, 3))
    features[7, 1] = np.inf
    with pytest.raises(FileForeign, match="infinite number"):
        neutralize(np.linspace(0, 1, 50), features, proportion=1.0)
