"""An engine that is not installed: one sentence says which extra brings it."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from numeri_cli.errors import LibraryMissing
from numeri_cli.learning.estimators.base import footprint_of, make_estimator
from numeri_cli.learning.memory import TrainingShape
from numeri_cli.model_spec import EstimatorSpec

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
ROOM = "numeri_cli.learning.estimators"


def uninstalled(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python finds no such package, and what imported it is imported anew."""
    for module in [one for one in sys.modules if one.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    for module in [one for one in sys.modules if one.startswith(f"{ROOM}.{name}.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(("name", "called"), [("xgboost", "XGBoost"), ("catboost", "CatBoost")])
def test_an_engine_that_is_not_installed_names_the_extra_that_brings_it(
    name: str, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstalled(name, monkeypatch)
    with pytest.raises(LibraryMissing, match=f"{called} is not installed") as refusal:
        make_estimator(EstimatorSpec(name=name))
    assert f"pip install 'numeri[{name}]'" in refusal.value.hint
    assert name in PROJECT["project"]["optional-dependencies"]
    assert footprint_of(EstimatorSpec(name=name), TrainingShape(9, 9, True)).memory_bytes > 0
