"""One estimator is one file and one line: nobody else asks what an estimator is called."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from numeri_cli.learning.estimators.any_class import AnyClass
from numeri_cli.learning.estimators.base import ESTIMATORS, footprint_of, make_estimator
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
from numeri_cli.learning.memory import TrainingShape
from numeri_cli.model_spec import DEFAULT_ESTIMATOR, EstimatorSpec
from tests.support.comparisons import comparisons_with
from tests.support.sources import PACKAGE, trees

ESTIMATORS_ROOM = PACKAGE / "learning" / "estimators"


@pytest.mark.parametrize(
    "planted",
    [
        'if plan.estimator == "lightgbm":\n    pass',
        'trees = estimator.name in ("lightgbm", "xgboost")',
        'match name:\n    case "lightgbm":\n        pass',
        "if model_spec.DEFAULT_ESTIMATOR != name:\n    pass",
        'kinds = {"lightgbm": 1}',
        'name.startswith("lightgbm")',
    ],
)
def test_a_planted_comparison_is_found(planted: str) -> None:
    tree = ast.parse(f'DEFAULT_ESTIMATOR: Final = "lightgbm"\n{planted}\n')
    assert comparisons_with(ESTIMATORS, [(Path("planted.py"), tree)])


def test_no_other_file_decides_by_an_estimators_name() -> None:
    own = {ESTIMATORS_ROOM / "base.py", ESTIMATORS_ROOM / "any_class.py"}
    for entry in ESTIMATORS.values():
        first = ESTIMATORS_ROOM / entry.maker.partition(".")[0]
        own |= {*first.rglob("*.py"), first.with_suffix(".py")}
    own.add(PACKAGE / "hosted" / "images.py")  # it names the packages of Numerai's images
    own.add(PACKAGE / "lightgbm_library.py")  # it asks whether the library was imported
    others = [(path, tree) for path, tree in trees() if path not in own]
    assert len(others) > 100
    assert comparisons_with(ESTIMATORS, others) == []


def test_a_registered_name_gives_its_estimator_and_any_other_is_a_class(tmp_path: Path) -> None:
    made: object = make_estimator(EstimatorSpec(name="lightgbm", params={"num_leaves": 7}))
    assert made == LightGBM({"num_leaves": 7})
    spec = EstimatorSpec(name="my_package:Model", params={"depth": 2})
    other: object = make_estimator(spec, module_folder=tmp_path)
    assert other == AnyClass("my_package:Model", {"depth": 2}, tmp_path)


def test_the_default_of_a_profile_is_registered() -> None:
    assert DEFAULT_ESTIMATOR in ESTIMATORS


@pytest.mark.parametrize("name", [*ESTIMATORS, "sklearn.linear_model:Ridge"])
def test_every_estimator_says_what_it_takes_and_more_rows_take_more(name: str) -> None:
    spec = EstimatorSpec(name=name)
    small, large = (
        footprint_of(spec, TrainingShape(rows, 700, five_valued=True)) for rows in (10_000, 480_000)
    )
    assert 0 < small.memory_bytes < large.memory_bytes
    assert small.disk_bytes <= large.disk_bytes
