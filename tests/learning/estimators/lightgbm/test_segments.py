from __future__ import annotations

import signal
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from numeri_cli.errors import ParameterUnknown
from numeri_cli.learning.estimators.lightgbm.binned import build_binned
from numeri_cli.learning.estimators.lightgbm.model_text import merge_models, trees_of
from numeri_cli.learning.estimators.lightgbm.parameters import (
    derived_seed,
    lightgbm_parameters,
)
from numeri_cli.learning.estimators.lightgbm.segments import segment_lengths, train_booster
from numeri_cli.learning.rows import LabelledRows
from tests.support.data_versions import Sample, SampleMaker, labelled
from tests.support.processes import fork
from tests.support.segment_driver import GIVEN, PARAMS


@pytest.fixture
def sample(make_sample: SampleMaker) -> Sample:
    return make_sample()


@pytest.fixture
def chosen(sample: Sample) -> LabelledRows:
    return labelled(sample, "train")


@pytest.fixture
def binned(sample: Sample, chosen: LabelledRows) -> lgb.Dataset:
    return build_binned(chosen.rows, sample.features, PARAMS)


def test_a_model_of_several_segments_is_their_sum(
    sample: Sample, chosen: LabelledRows, binned: lgb.Dataset, tmp_path: Path
) -> None:
    assert segment_lengths(PARAMS, 20) == (20, 20, 10)
    text = train_booster(binned, PARAMS, labels=chosen.labels, folder=tmp_path, segment_trees=20)
    model = lgb.Booster(model_str=text)
    assert model.num_trees() == 50
    rows = sample.cells.astype(np.float64)
    segments = [lgb.Booster(model_file=str(tmp_path / f"segment-{n:04d}.txt")) for n in range(3)]
    together = np.sum([segment.predict(rows) for segment in segments], axis=0)
    np.testing.assert_allclose(model.predict(rows), together, rtol=0, atol=1e-12)
    errors = [
        np.mean((model.predict(rows, num_iteration=n) - sample.labels) ** 2) for n in (10, 50)
    ]
    assert errors[1] < errors[0]


def test_later_segments_go_on_where_the_first_ended(
    sample: Sample, chosen: LabelledRows, binned: lgb.Dataset, tmp_path: Path
) -> None:
    """Without sampling there is no random state: segments give plain LightGBM, but for rounding."""
    params = lightgbm_parameters({"n_estimators": 30, "seed": 1})
    texts = [
        train_booster(
            binned,
            params,
            labels=chosen.labels,
            folder=tmp_path / str(trees),
            segment_trees=trees,
        )
        for trees in (10, 1000)
    ]
    rows = sample.cells.astype(np.float64)
    first, second = (lgb.Booster(model_str=text).predict(rows) for text in texts)
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_each_segment_has_a_seed_of_its_own_and_the_first_keeps_the_seed() -> None:
    assert derived_seed(7, 0) == 7
    seeds = {derived_seed(seed, segment) for seed in range(20) for segment in range(20)}
    assert len(seeds) == 400
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_an_objective_whose_scores_are_not_predictions_trains_in_one_segment() -> None:
    for given in ({"objective": "poisson"}, {"boosting": "dart"}, {"boosting_type": "rf"}):
        params = lightgbm_parameters(GIVEN | given)
        assert segment_lengths(params, 20) == (50,)


def test_a_value_that_lightgbm_refuses_is_ours_to_explain(
    chosen: LabelledRows, binned: lgb.Dataset, tmp_path: Path
) -> None:
    for given in ({"num_leaves": 1}, {"objective": "no_such_thing"}, {"learning_rate": "fast"}):
        params = lightgbm_parameters(given)
        with pytest.raises(ParameterUnknown, match="LightGBM refuses"):
            train_booster(binned, params, labels=chosen.labels, folder=tmp_path)


def test_merging_one_whole_model_changes_nothing(
    chosen: LabelledRows, binned: lgb.Dataset, tmp_path: Path
) -> None:
    text = train_booster(binned, PARAMS, labels=chosen.labels, folder=tmp_path, segment_trees=99)
    assert merge_models([text]) == text


def test_a_cut_model_holds_its_first_trees(
    sample: Sample, chosen: LabelledRows, binned: lgb.Dataset, tmp_path: Path
) -> None:
    text = train_booster(binned, PARAMS, labels=chosen.labels, folder=tmp_path, segment_trees=20)
    cut = merge_models([text], trees=33)
    rows = sample.cells.astype(np.float64)
    whole = lgb.Booster(model_str=text)
    assert lgb.Booster(model_str=cut).num_trees() == 33
    np.testing.assert_array_equal(
        lgb.Booster(model_str=cut).predict(rows), whole.predict(rows, num_iteration=33)
    )


@pytest.mark.parametrize("trees", [20, 45])
def test_a_training_killed_at_any_tree_ends_with_the_trees_of_an_unbroken_one(
    sample: Sample, chosen: LabelledRows, binned: lgb.Dataset, tmp_path: Path, trees: int
) -> None:
    unbroken = train_booster(
        binned, PARAMS, labels=chosen.labels, folder=tmp_path / "unbroken", segment_trees=20
    )
    broken = tmp_path / "broken"
    file = str(sample.folder / "train.parquet")

    def drive(kill_after: int) -> int:
        return fork("tests.support.segment_driver", file, str(broken), str(kill_after)).ended().code

    assert drive(trees) == -signal.SIGKILL
    finished = sorted(path.name for path in broken.glob("segment-*.json"))
    assert len(finished) == trees // 20 - (trees == 20)
    assert not (broken / "whole.txt").exists()
    assert drive(-1) == 0
    assert trees_of((broken / "whole.txt").read_text()) == trees_of(unbroken)
