"""What LightGBM would take without a word, and make another model of than was meant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.errors import EstimatorInvalid, ParameterUnknown
from numeri_cli.learning.estimators.base import MemberTask, TrainingSettings
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
from numeri_cli.model_spec import ModelSpec
from tests.support.data_versions import Sample, SampleMaker, labelled
from tests.support.heard import Heard

RANDOM = [
    {"colsample_bytree": 0.5},
    {"feature_fraction_bynode": 0.5},
    {"subsample": 0.5, "subsample_freq": 1},
    {"extra_trees": True},
    {"boosting": "dart"},
    {"data_sample_strategy": "goss"},
]


def check(
    params: Mapping[str, object], *, seeds: tuple[int, ...] = (1,), early: bool = False
) -> None:
    LightGBM(params).check("lighthouse", seeds=seeds, early_stopping=early)


def grown(params: Mapping[str, object], sample: Sample, folder: Path) -> list[str]:
    """The trees of two seeds."""
    rows = labelled(sample, "train")
    settings = TrainingSettings(
        spec=ModelSpec(seeds=(1, 2)), features=sample.features, cache=folder, unfinished=folder
    )
    trainer = LightGBM(params).trainer(rows.rows, settings)
    trees = []
    for seed in (1, 2):
        task = MemberTask(label="x", target="target_ender_20", seed=seed, rows=rows, weights=None)
        text = trainer.train(task).content.decode()
        trees.append(text[: text.index("\nparameters:")])
    return trees


@pytest.mark.parametrize(
    "objective",
    ["multiclass", "softmax", "ova", "binary", "lambdarank", "rank_xendcg", "gamma", "none"],
)
def test_an_objective_that_does_not_fit_the_targets_is_refused_before_training(
    objective: str,
) -> None:
    more = {"num_class": 5} if objective in ("multiclass", "softmax", "ova") else {}
    with pytest.raises(ParameterUnknown, match=f"'{objective}' does not suit") as refusal:
        check({"application": objective, **more})
    assert "regression" in refusal.value.hint


@pytest.mark.parametrize("objective", ["regression", "mae", "cross_entropy", "quantile", "poisson"])
def test_an_objective_of_one_number_a_row_is_taken(objective: str) -> None:
    check({"objective": objective})


@pytest.mark.parametrize("name", ["early_stopping_round", "n_iter_no_change"])
def test_early_stopping_without_held_out_eras_is_refused_with_the_key_that_does_it(
    name: str,
) -> None:
    with pytest.raises(ParameterUnknown, match=f"{name} = 50 has no effect") as refusal:
        check({name: 50})
    assert "early_stopping_eras" in refusal.value.hint
    check({name: 50}, early=True)
    check({name: 0})


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "nothing in params is random"),
        ({"subsample": 0.5}, "subsample = 0.5 has no effect without subsample_freq"),
        ({"subsample": 1.0, "subsample_freq": 1}, "nothing in params is random"),
        ({"bagging_fraction": 0.5, "bagging_freq": 0}, "bagging_fraction = 0.5 has no effect"),
    ],
)
def test_seeds_that_would_give_the_same_trees_are_refused_by_name(
    params: dict[str, object], words: str
) -> None:
    with pytest.raises(ParameterUnknown, match=f"3 times the same trees: {words}"):
        check(params, seeds=(1, 2, 3))
    check(params)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"subsample": 0.5, "subsample_freq": 1, "bagging_seed": 3}, "bagging_seed = 3 fixes"),
        ({"colsample_bytree": 0.5, "feature_fraction_seed": 3}, "feature_fraction_seed = 3 fixes"),
        ({"extra_trees": True, "extra_seed": 3}, "extra_seed = 3 fixes"),
        ({"boosting": "dart", "drop_seed": 3}, "drop_seed = 3 fixes"),
        ({"data_sample_strategy": "goss", "bagging_fraction_seed": 3}, "seed = 3 fixes"),
        ({"use_quantized_grad": True, "stochastic_rounding": False}, "nothing in params is random"),
        ({"pos_bagging_fraction": 0.5, "subsample_freq": 1}, "nothing in params is random"),
    ],
)
def test_seeds_are_refused_where_what_is_random_has_a_seed_of_its_own(
    params: dict[str, object], words: str
) -> None:
    with pytest.raises(ParameterUnknown, match=words) as refusal:
        check(params, seeds=(1, 2))
    assert "name one seed" in refusal.value.hint
    check(params)


def test_a_fixed_seed_beside_something_else_that_is_random_is_taken() -> None:
    check({"colsample_bytree": 0.5, "subsample": 0.5, "subsample_freq": 1, "bagging_seed": 3},
          seeds=(1, 2))  # fmt: skip


def test_seeds_that_grow_the_same_trees_all_the_same_are_refused_at_the_second(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    """0.99 of ten features are ten, so that nothing is left to chance."""
    params = {"colsample_bytree": 0.99, "n_estimators": 3, "min_data_in_leaf": 5}
    check(params, seeds=(1, 2))
    with pytest.raises(EstimatorInvalid, match="the same trees for the seeds 1 and 2"):
        grown(params, make_sample(), tmp_path)


def test_boosters_that_change_earlier_trees_cannot_stop_early() -> None:
    with pytest.raises(ParameterUnknown, match="boosting = 'dart'"):
        check({"boosting_type": "dart"}, early=True)
    check({"boosting_type": "dart"})


def test_an_objective_of_shares_is_refused_for_labels_below_zero(
    make_sample: SampleMaker, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ParameterUnknown, match="'cross_entropy' takes labels from 0 to 1"):
        grown({"objective": "cross_entropy", "n_estimators": 2}, make_sample(), tmp_path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("params", RANDOM)
def test_seeds_that_are_taken_give_different_trees(
    make_sample: SampleMaker, tmp_path: Path, params: dict[str, object]
) -> None:
    params = {**params, "n_estimators": 12, "learning_rate": 0.5, "min_data_in_leaf": 5}
    check(params, seeds=(1, 2))
    trees = grown(params, make_sample(), tmp_path)
    assert trees[0] != trees[1]


def test_a_share_of_rows_that_is_never_drawn_is_told_where_one_seed_trains(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample()
    heard = Heard()
    settings = TrainingSettings(
        spec=ModelSpec(),
        features=sample.features,
        cache=tmp_path,
        unfinished=tmp_path,
        listener=heard,
    )
    LightGBM({"subsample": np.float64(0.5)}).trainer(labelled(sample, "train").rows, settings)
    assert any("has no effect without subsample_freq" in text for text in heard.said)
