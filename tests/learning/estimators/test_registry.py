"""One estimator is one file and one line: nobody else asks what an estimator is called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import numeri_cli
from numeri_cli.learning.estimators.any_class import AnyClass
from numeri_cli.learning.estimators.base import ESTIMATORS, make_estimator
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
from numeri_cli.model_spec import DEFAULT_ESTIMATOR, EstimatorSpec

PACKAGE = Path(numeri_cli.__file__).parent
ASKING = ("startswith", "endswith", "get")
ESTIMATORS_ROOM = PACKAGE / "learning" / "estimators"


def decisions(source: str) -> Iterator[ast.AST]:
    """What a program's text decides by: comparisons, cases, keys, beginnings and ends of a word."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare | ast.match_case):
            yield node if isinstance(node, ast.Compare) else node.pattern
        elif isinstance(node, ast.Dict):
            yield from (key for key in node.keys if key is not None)
        elif isinstance(node, ast.Subscript):
            yield node.slice
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ASKING:
            yield from node.args


def by_name(source: str) -> list[str]:
    """Where a decision depends on what an estimator is called."""
    found = []
    for decision in decisions(source):
        for node in ast.walk(decision):
            word = node.value if isinstance(node, ast.Constant) else None
            name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
            if word in ESTIMATORS or name in ("DEFAULT_ESTIMATOR", "LIGHTGBM"):
                found.append(f"line {getattr(node, 'lineno', 0)}: {word or name!r}")
    return found


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
    assert by_name(planted)


def test_no_other_file_decides_by_an_estimators_name() -> None:
    own = {ESTIMATORS_ROOM / "base.py", ESTIMATORS_ROOM / "any_class.py"}
    for module in ESTIMATORS.values():
        first = ESTIMATORS_ROOM / module.partition(".")[0]
        own |= {*first.rglob("*.py"), first.with_suffix(".py")}
    others = [path for path in PACKAGE.rglob("*.py") if path not in own]
    assert len(others) > 100
    found = {path.name: by_name(path.read_text(encoding="utf-8")) for path in others}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_registered_name_gives_its_estimator_and_any_other_is_a_class(tmp_path: Path) -> None:
    made: object = make_estimator(EstimatorSpec(name="lightgbm", params={"num_leaves": 7}))
    assert made == LightGBM({"num_leaves": 7})
    spec = EstimatorSpec(name="my_package:Model", params={"depth": 2})
    other: object = make_estimator(spec, module_folder=tmp_path)
    assert other == AnyClass("my_package:Model", {"depth": 2}, tmp_path)


def test_the_default_of_a_profile_is_registered() -> None:
    assert DEFAULT_ESTIMATOR in ESTIMATORS
