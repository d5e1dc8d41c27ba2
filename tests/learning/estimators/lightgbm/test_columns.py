"""Parameters that point at columns mean the plan's features, however many blocks they fill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from numeri_cli.errors import ArtifactDamaged, ParameterUnknown
from numeri_cli.learning.estimators.base import MemberTask, TrainingSettings
from numeri_cli.learning.estimators.lightgbm.columns import library_names, of_plan
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
from numeri_cli.learning.estimators.lightgbm.library import lgb
from numeri_cli.learning.estimators.lightgbm.model_text import trees_of
from numeri_cli.model_spec import ModelSpec
from tests.support.data_versions import Sample, SampleMaker, labelled

NAMES = ("a", "b", "c")
PARAMS: dict[str, object] = {"n_estimators": 12, "learning_rate": 0.3, "min_data_in_leaf": 5}
FEATURES = 70  # more than a block of 64


@pytest.fixture
def wide(make_sample: SampleMaker) -> Sample:
    return make_sample(features=FEATURES)


def text_of(params: dict[str, object], sample: Sample, tmp_path: Path) -> str:
    settings = TrainingSettings(
        spec=ModelSpec(), features=sample.features, cache=tmp_path, unfinished=tmp_path / "u"
    )
    rows = labelled(sample, "train")
    trainer = LightGBM(params).trainer(rows.rows, settings)
    task = MemberTask(label="x", target="target_ender_20", seed=1, rows=rows, weights=None)
    return trainer.train(task).content.decode()


def whole_table(params: dict[str, object], sample: Sample) -> str:
    """What LightGBM itself makes of all columns at once."""
    rows = labelled(sample, "train")
    complete = LightGBM(params).parameters(1, sample.features)
    complete["num_threads"] = 1
    trees = complete.pop("n_estimators")
    data = lgb.Dataset(
        sample.cells[sample.in_train].astype(np.float64),
        label=rows.labels,
        feature_name=list(sample.features),
        params=complete,
    )
    booster = lgb.train(complete, data, num_boost_round=int(str(trees)))
    return booster.model_to_string()


@pytest.mark.parametrize(
    "given",
    [
        {"monotone_constraints": {"feature_000": -1, "feature_065": 1}},
        {"feature_contri": {"feature_000": 0.01, "feature_069": 3.0}},
        {"interaction_constraints": [["feature_000", "feature_003"], ["feature_066", 1]]},
        {"cegb_penalty_feature_coupled": {"feature_000": 1000.0}},
    ],
    ids=lambda given: str(next(iter(given))),
)
def test_a_parameter_of_features_means_the_plans_columns_beyond_the_first_block(
    wide: Sample, tmp_path: Path, given: dict[str, object]
) -> None:
    made = trees_of(text_of({**PARAMS, **given}, wide, tmp_path / "with"))
    assert made == trees_of(whole_table({**PARAMS, **given}, wide))
    assert made != trees_of(text_of(PARAMS, wide, tmp_path / "without"))


@pytest.mark.parametrize(
    "given",
    [
        {"monotone_constraints": [-1, 0]},
        {"feature_contri": "1,2"},
        {"monotone_constraints": {"feature_999": 1}},
        {"interaction_constraints": [[0, 70]]},
        {"interaction_constraints": "[0,1],[1,99]"},
        {"interaction_constraints": 3},
    ],
)
def test_another_number_of_values_or_an_unknown_feature_is_refused_before_data_is_read(
    given: dict[str, object],
) -> None:
    names = tuple(f"feature_{place:03d}" for place in range(FEATURES))
    with pytest.raises(ParameterUnknown, match=next(iter(given))):
        of_plan(given, names)


def test_lists_of_the_plans_length_and_texts_pass() -> None:
    assert of_plan({"mc": [1, 0, -1], "max_bin": 7}, NAMES) == {"mc": [1, 0, -1], "max_bin": 7}
    assert of_plan({"monotone_constraint": "1,0,-1"}, NAMES) == {
        "monotone_constraint": ["1", "0", "-1"]
    }
    assert of_plan({"interaction_constraints": "[0,1],[2]"}, NAMES) == {
        "interaction_constraints": [[0, 1], [2]]
    }


@pytest.mark.parametrize(
    "given",
    [
        {"categorical_feature": [0, 1]},
        {"cat_feature": "name:feature_000"},
        {"ignore_column": "0"},
        {"max_bin_by_feature": [3] * 64},
        {"forcedbins_filename": "bins.json"},
        {"forcedsplits_filename": "splits.json"},
    ],
)
def test_what_only_a_block_of_columns_would_see_is_refused_by_name(
    given: dict[str, object],
) -> None:
    with pytest.raises(ParameterUnknown, match=f"{next(iter(given))} = .* cannot be used"):
        LightGBM(given).check("lighthouse", seeds=(1,), early_stopping=False)


def test_names_that_the_library_would_rewrite_or_refuse_train_and_load(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    odd = ("price: ask", "size [m]", 'the "best"', "größe", "a,b", "f", "g", "h", "i", "j")
    sample = make_sample(names=odd)
    text = text_of(PARAMS, sample, tmp_path)
    assert library_names(odd) == tuple(f"column_{place}" for place in range(10))
    estimator = LightGBM(PARAMS)
    fitted = estimator.load(text.encode(), features=odd, source=Path("x.txt"))
    assert fitted.predict(np.zeros((2, 10), np.float32)).shape == (2,)
    with pytest.raises(ArtifactDamaged, match=r"not those of its model\.json"):
        estimator.load(text.encode(), features=odd[1:], source=Path("x.txt"))
