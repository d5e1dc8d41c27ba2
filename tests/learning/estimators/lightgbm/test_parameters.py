from __future__ import annotations

import os

import numpy as np
import pytest

from numeri_cli.errors import ParameterUnknown
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
from numeri_cli.learning.estimators.lightgbm.library import (
    lgb,
    warnings_to,
    without_fatal_lines,
)
from numeri_cli.learning.estimators.lightgbm.parameters import (
    DEFAULTS,
    lightgbm_parameters,
    require_accepted,
    segment_parameters,
    threaded,
    value_of,
    without,
)
from numeri_cli.progress import Silent


def test_parameters_pass_unchanged_under_any_alias() -> None:
    given = {"n_estimators": 5, "eta": 0.1, "verbose": 1, "is_unbalance": False}
    params = lightgbm_parameters(given)
    assert {name: params[name] for name in given} == given
    assert "verbosity" not in params
    assert params["deterministic"] is True
    assert set(params) - set(given) < set(DEFAULTS)


def test_the_profiles_value_wins_over_our_default() -> None:
    params = lightgbm_parameters({"force_row_wise": True, "subsample_for_bin": 200_000})
    assert "force_col_wise" not in params
    assert "bin_construct_sample_cnt" not in params


@pytest.mark.parametrize(
    ("name", "near"), [("learning_rte", "learning_rate"), ("n_estimator", "n_estimators")]
)
def test_an_unknown_parameter_is_refused_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ParameterUnknown, match=name) as refusal:
        lightgbm_parameters({name: 1})
    assert near in refusal.value.hint


def test_a_value_is_found_and_taken_out_under_its_aliases() -> None:
    given = {"n_estimators": 7, "colsample_bytree": 0.1}
    assert value_of(given, "num_iterations", 100) == 7
    assert value_of({}, "num_iterations", 100) == 100
    assert without(given, "num_iterations") == {"colsample_bytree": 0.1}


def test_a_segment_changes_the_seeds_and_nothing_else() -> None:
    given = {"random_state": 4, "bagging_seed": 9, "learning_rate": 0.1}
    assert segment_parameters(given, 0) == given
    later = segment_parameters(given, 2)
    assert later["learning_rate"] == 0.1
    assert later["random_state"] != 4
    assert later["bagging_seed"] != 9


def test_small_data_gets_one_thread_unless_told_otherwise() -> None:
    assert threaded({}, 1000) == {"num_threads": 1}
    assert threaded({"n_jobs": 2}, 1000) == {"n_jobs": 2}
    assert threaded({}, 10**9) == {}


class Ear(Silent):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        self.heard.append(text)


def test_the_librarys_warnings_reach_the_listener_once(capfd: pytest.CaptureFixture[str]) -> None:
    ear = Ear()
    rows = np.arange(3.0).reshape(3, 1)
    data = lgb.Dataset(rows, label=np.arange(3.0), params={"verbosity": 0})
    with warnings_to(ear):
        lgb.train({"verbosity": 0, "num_threads": 1}, data, 3)
    assert len(ear.heard) == len(set(ear.heard)) > 0
    assert all(text.startswith("LightGBM: ") for text in ear.heard)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"learning_rate": "much"}, "refuses learning_rate = 'much'"),
        ({"max_depth": "deep"}, "refuses max_depth = 'deep': .*should be of type int"),
        ({"eta": 0.1, "num_leaves": 1}, r"refuses num_leaves = 1: Check failed: .* > \(1\)$"),
        ({"deterministic": "maybe"}, "refuses deterministic = 'maybe'"),
        ({"objective": "regresion"}, "refuses objective = 'regresion': Unknown objective"),
        ({"learning_rate": {"a": 1}}, "refuses learning_rate = {'a': 1}: is neither a number"),
        ({"boosting": "forest"}, "refuses boosting = 'forest': Unknown boosting type"),
        ({"application": "multiclass", "num_class": 1}, "[Nn]umber of classes"),
    ],
)
def test_a_value_that_the_library_refuses_is_refused_by_name_in_our_sentence_alone(
    given: dict[str, object], sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ParameterUnknown, match=sentence) as refusal:
        require_accepted(lightgbm_parameters(given))
    assert "\n" not in str(refusal.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "given",
    [
        {"objective": "multiclass", "num_class": 3},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        {"objective": "quantile", "alpha": 0.3, "metric": ["l1", "l2"]},
        {"objective": "poisson"},
        {"objective": "gamma"},
        {"objective": "binary", "scale_pos_weight": 2},
        {"monotone_constraints": [1, 0, -1], "interaction_constraints": [[0, 1], [2]]},
        {"colsample_bytree": 1, "linear_tree": True, "n_jobs": 2, "seed": 5},
    ],
)
def test_values_that_the_library_takes_pass(given: dict[str, object]) -> None:
    require_accepted(lightgbm_parameters(given))


def test_what_others_write_while_the_library_is_asked_is_not_lost(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = lgb.basic._safe_call

    def ask_beside_a_bar(answer: int) -> None:
        os.write(2, b"12 of 40 columns\n")
        ask(answer)

    monkeypatch.setattr(lgb.basic, "_safe_call", ask_beside_a_bar)
    with pytest.raises(ParameterUnknown):
        require_accepted({"max_depth": "deep"})
    err = capfd.readouterr().err
    assert "12 of 40 columns\n" in err
    assert "LightGBM" not in err


def test_more_than_a_pipe_holds_can_be_written_while_the_library_is_asked(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A pipe takes 64 KiB until somebody reads it, and nobody does before the end."""
    lines = b"".join(b"%06d of 40,000 columns\n" % number for number in range(40_000))
    with without_fatal_lines():
        rest = lines
        while rest:
            rest = rest[os.write(2, rest) :]
    assert capfd.readouterr().err.encode() == lines


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_threads", 100_000),
        ("n_jobs", 10**30),
        ("n_jobs", "100000"),
        ("num_leaves", 2**32 + 31),  # of which the library would make 31
        ("max_leaves", "99999999999"),
        ("max_bin", 10**9),
        ("max_bin_by_feature", [5, 2**40]),
        ("n_estimators", 10**8),
        ("max_depth", -(2**40)),
        ("min_data_in_leaf", 2**33 + 1),
        ("learning_rate", float("inf")),
        ("lambda_l2", float("nan")),
        ("num_machines", 2),
    ],
)
def test_a_number_that_no_training_can_mean_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ParameterUnknown) as refusal:
        LightGBM({name: value}).check("beacon", seeds=(1,), early_stopping=False)
    assert name in refusal.value.message or "threads" in refusal.value.message
    assert len(refusal.value.message) < 200
    assert "params" in refusal.value.hint


@pytest.mark.parametrize(
    "given", [{"num_leaves": 131_072}, {"n_jobs": 1024}, {"max_depth": -1}, {"max_bin": 255}]
)
def test_a_large_number_that_can_be_meant_passes(given: dict[str, object]) -> None:
    LightGBM(given).check("beacon", seeds=(1,), early_stopping=False)
