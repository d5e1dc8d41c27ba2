"""Parameters that LightGBM takes and forgets are refused, or told."""

from __future__ import annotations

import pytest

from numeri_cli.errors import ParameterUnknown
from numeri_cli.learning.estimators.lightgbm.effects import ineffective
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM


@pytest.mark.parametrize(
    "given",
    [
        {"input_model": "m.txt"},
        {"model_output": "m.txt"},
        {"snapshot_freq": 10},
        {"save_binary": True},
        {"data": "train.csv"},
        {"valid": "valid.csv"},
        {"config": "train.conf"},
        {"task": "refit"},
        {"header": True},
        {"weight_column": "w"},
        {"machines": "10.0.0.1:1"},
        {"num_machines": 2},
        {"tree_learner": "voting"},
        {"start_iteration_predict": 5},
        {"predict_contrib": True},
        {"early_stopping_min_delta": 0.1},
    ],
)
def test_what_a_training_here_does_not_do_is_refused_by_name(given: dict[str, object]) -> None:
    with pytest.raises(ParameterUnknown, match=f"{next(iter(given))} = .* has no effect here"):
        LightGBM(given).check("lighthouse", seeds=(1,), early_stopping=True)


@pytest.mark.parametrize(
    "given", [{"save_binary": False}, {"task": "train"}, {"num_machines": 1}, {"input_model": ""}]
)
def test_what_is_switched_off_passes(given: dict[str, object]) -> None:
    LightGBM(given).check("lighthouse", seeds=(1,), early_stopping=False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"alpha": 0.3}, 'alpha = 0.3 has no effect without objective = "huber" or "quantile"'),
        ({"drop_rate": 0.2}, 'drop_rate = 0.2 has no effect without boosting = "dart"'),
        ({"linear_lambda": 1.0}, "has no effect without linear_tree"),
        ({"metric": "l2"}, "mean CORR of its eras"),
        ({"pos_bagging_fraction": 0.5}, "objective of classes"),
        ({"cat_smooth": 5}, "categorical features"),
    ],
)
def test_what_acts_only_beside_another_parameter_is_told(
    given: dict[str, object], words: str
) -> None:
    [told] = ineffective(given)
    assert words in told


def test_what_acts_is_not_told() -> None:
    acting = {"application": "quantile", "alpha": 0.3, "boosting": "dart", "drop_rate": 0.2}
    assert ineffective(acting) == ()


@pytest.mark.parametrize(
    "given",
    [
        {"learning_rate": 0.1, "eta": 0.2},
        {"subsample": 0.5, "bagging": 0.9},
        {"n_estimators": 5, "num_trees": 9},
    ],
)
def test_two_names_of_one_parameter_are_refused(given: dict[str, object]) -> None:
    first, second = given
    with pytest.raises(ParameterUnknown, match=f"{first} and {second} are two names of one"):
        LightGBM(given).check("lighthouse", seeds=(1,), early_stopping=False)
