from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools import scoring as library
from numerai_tools import signals

from numeri_cli.scoring.neutral import neutralize
from numeri_cli.scoring.ranks import gaussianize
from numeri_cli.scoring.scores import (
    churn,
    contribution,
    corr,
    correlation_with,
    exposures,
    fnc,
    pearson,
)
from tests.support import oracle

MANY = settings(max_examples=60, deadline=None)
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::FutureWarning")


def agree(ours: float, theirs: float) -> None:
    assert ours == pytest.approx(theirs, abs=1e-9, nan_ok=True)


@MANY
@given(oracle.cases(), st.booleans())
def test_corr_is_the_librarys_for_every_kind_of_column(case: oracle.Case, absent: bool) -> None:
    agree(corr(case.prediction, case.target), oracle.library_corr(case, absent=absent))


@MANY
@given(oracle.cases(), st.integers(1, 60))
def test_corr_of_the_extremes_is_the_librarys_ties_at_the_edge_included(
    case: oracle.Case, count: int
) -> None:
    theirs = oracle.library_corr(case, absent=False, top_bottom=count)
    agree(corr(case.prediction, case.target, top_bottom=count), theirs)


@MANY
@given(oracle.cases(), st.booleans())
def test_contribution_is_the_librarys_with_partial_coverage_of_either_side(
    case: oracle.Case, absent: bool
) -> None:
    ours = contribution(case.prediction, case.meta_model, target=case.target)
    agree(ours[0], oracle.library_contribution(case, absent=absent))


@MANY
@given(oracle.cases(kinds=("random", "missing")), st.integers(1, 40))
def test_contribution_of_the_extremes_is_the_librarys(case: oracle.Case, count: int) -> None:
    ours = contribution(case.prediction, case.meta_model, target=case.target, top_bottom=count)
    agree(ours[0], oracle.library_contribution(case, absent=False, top_bottom=count))


@MANY
@given(oracle.cases(kinds=("random", "missing", "half_missing", "constant", "extreme")))
def test_feature_neutral_corr_is_the_librarys_on_the_ids_that_have_a_prediction(
    case: oracle.Case,
) -> None:
    agree(fnc(case.prediction, case.features, target=case.target)[0], oracle.library_fnc(case))


@MANY
@given(oracle.cases())
def test_correlation_with_the_meta_model_is_the_librarys_corr_without_power(
    case: oracle.Case,
) -> None:
    if np.nanmax(np.abs(case.meta_model), initial=0) > 1e6:
        return  # no meta model has squares that overflow
    asked = oracle.Case(case.prediction, case.meta_model, case.meta_model, case.features)
    theirs = oracle.library_corr(asked, absent=False, target_pow15=False)
    ours = correlation_with(case.prediction, case.meta_model)
    if np.nanmin(case.meta_model) == np.nanmax(case.meta_model):
        assert np.isnan(ours)  # the library may call the rounding of a constant a correlation
    else:
        agree(ours, theirs)


@MANY
@given(oracle.cases(kinds=("random", "tied", "binary")))
def test_the_largest_exposure_is_the_librarys_feature_and_size(case: oracle.Case) -> None:
    if np.ptp(case.prediction) == 0:
        return
    index = oracle.ids(len(case.prediction))
    frame = pd.DataFrame(case.features, index=index)
    name, size = library.max_feature_correlation(pd.Series(case.prediction, index=index), frame)
    ours = np.abs(exposures(case.prediction, case.features)[0])
    agree(float(np.nanmax(ours)), size)
    agree(float(ours[int(name)]), size)


@MANY
@given(oracle.cases(), st.booleans())
def test_churn_is_the_librarys(case: oracle.Case, top: bool) -> None:
    here = oracle.series(case.prediction, "a", absent=True).sort_index()
    there = oracle.series(case.meta_model, "b", absent=True).sort_index()
    count = max(1, min(len(here), len(there)) // 4) if top else None
    theirs = oracle.answer(lambda: signals.churn(here, there, count))
    agree(churn(case.prediction, case.meta_model, top_bottom=count), theirs)


def test_corr_of_five_ids_is_what_one_computes_by_hand() -> None:
    quantile = 1.2815515655446004  # of (5 − 0.5) / 5
    inner = 0.5244005127080409
    raised = np.array([-(quantile**1.5), -(inner**1.5), 0, inner**1.5, quantile**1.5])
    target = np.array([0, 0.25, 0.5, 1, 0.75])
    aim = np.sign(target - 0.5) * np.abs(target - 0.5) ** 1.5
    by_hand = (raised @ aim) / np.sqrt((raised @ raised) * (aim @ aim))
    assert corr(np.array([1.0, 2, 3, 4, 5]), target) == pytest.approx(by_hand, abs=1e-14)


def test_a_prediction_equal_to_the_meta_model_contributes_nothing() -> None:
    values = np.random.default_rng(0).random(100)
    target = np.random.default_rng(1).integers(0, 5, 100) / 4
    assert contribution(values, values, target=target)[0] == pytest.approx(0, abs=1e-14)


def test_a_constant_prediction_contributes_nothing_and_has_no_corr() -> None:
    target = np.random.default_rng(1).integers(0, 5, 100) / 4
    meta = np.random.default_rng(0).random(100)
    assert contribution(np.full(100, 0.3), meta, target=target)[0] == 0
    assert np.isnan(corr(np.full(100, 0.3), target))
    assert np.isnan(corr(meta, np.full(100, 0.25)))


def test_several_predictions_are_scored_each_for_itself() -> None:
    generator = np.random.default_rng(3)
    predictions = generator.random((120, 3))
    predictions[:10, 1] = np.nan
    meta, target = generator.random(120), generator.integers(0, 5, 120) / 4
    features = generator.integers(0, 5, (120, 7)).astype(np.int8)
    alone = [predictions[:, [place]] for place in range(3)]
    together = contribution(predictions, meta, target=target)
    assert together.tolist() == [contribution(one, meta, target=target)[0] for one in alone]
    np.testing.assert_allclose(
        fnc(predictions, features, target=target),
        [fnc(one, features, target=target)[0] for one in alone],
        atol=1e-12,
    )
    np.testing.assert_allclose(
        exposures(predictions, features),
        np.concatenate([exposures(one, features) for one in alone]),
        atol=1e-12,
    )


@MANY
@given(st.integers(0, 2**32 - 1))
def test_scores_see_nothing_but_ranks(seed: int) -> None:
    generator = np.random.default_rng(seed)
    prediction, meta = generator.random(60), generator.random(60)
    target = generator.integers(0, 5, 60) / 4
    bent = np.exp(5 * prediction)
    assert corr(bent, target) == corr(prediction, target)
    assert contribution(bent, meta, target=target) == contribution(prediction, meta, target=target)


def test_losing_more_than_a_fifth_of_the_rows_gives_no_score() -> None:
    generator = np.random.default_rng(4)
    prediction, target = generator.random(100), generator.integers(0, 5, 100) / 4
    prediction[:20] = np.nan
    assert not np.isnan(corr(prediction, target))
    prediction[20] = np.nan
    assert np.isnan(corr(prediction, target))


def test_no_ids_at_all_give_no_score() -> None:
    nothing = np.empty(0)
    assert np.isnan(corr(nothing, nothing))
    assert np.isnan(contribution(nothing, nothing, target=nothing)).all()
    assert np.isnan(fnc(nothing, np.empty((0, 3)), target=nothing)).all()
    assert np.isnan(exposures(nothing, np.empty((0, 3)))).all()
    assert np.isnan(churn(nothing, nothing))


def test_a_prediction_made_of_the_features_alone_has_no_feature_neutral_corr() -> None:
    generator = np.random.default_rng(5)
    features = generator.integers(0, 5, (200, 5))
    dummies = (gaussianize(features[:, 0])[:, None] == np.unique(gaussianize(features[:, 0]))) * 1
    target = generator.integers(0, 5, 200) / 4
    assert np.isnan(fnc(features[:, 0].astype(float), dummies, target=target))[0]


def test_constant_features_have_no_exposure_whatever_their_value() -> None:
    features = np.full((50, 3), [2.0, 0.1, 1e9])
    assert np.isnan(exposures(np.random.default_rng(0).random(50), features)).all()


def test_missing_features_are_taken_for_the_middle() -> None:
    generator = np.random.default_rng(6)
    features = generator.integers(0, 5, (80, 4)).astype(np.float32)
    features[generator.random((80, 4)) < 0.2] = np.nan
    middle = np.nan_to_num(features, nan=2.0)
    prediction, target = generator.random(80), generator.integers(0, 5, 80) / 4
    assert fnc(prediction, features, target=target) == fnc(prediction, middle, target=target)
    assert (exposures(prediction, features) == exposures(prediction, middle)).all()


@pytest.mark.parametrize(
    ("scale", "shift", "centre"), [(0.25, 0.0, 0.5), (1.0, 0.0, 2.0), (10.0, -20.0, 0.0)]
)
def test_missing_features_are_taken_for_the_middle_of_the_datas_own_scale(
    scale: float, shift: float, centre: float
) -> None:
    generator = np.random.default_rng(6)
    bins = generator.integers(0, 5, (80, 4))
    bins[0] = [0, 4, 0, 4]
    features = (bins * scale + shift).astype(np.float32)
    features[1:][generator.random((79, 4)) < 0.2] = np.nan
    own = np.nan_to_num(features, nan=centre)
    prediction, target = generator.random(80), generator.integers(0, 5, 80) / 4
    assert fnc(prediction, features, target=target) == fnc(prediction, own, target=target)
    assert (exposures(prediction, features) == exposures(prediction, own)).all()
    assert (neutralize(prediction, features) == neutralize(prediction, own)).all()


def test_pearson_is_numpys() -> None:
    first, second = np.random.default_rng(7).random((2, 30))
    assert pearson(first, second) == pytest.approx(np.corrcoef(first, second)[0, 1], abs=1e-14)
