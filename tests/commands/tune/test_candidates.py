"""The name of a search says everything that its trials depend on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from numeri_cli.commands.tune.candidates import study_name
from numeri_cli.commands.tune.plan import search_plan
from numeri_cli.learning.training_data import open_training_data
from tests.support.data_versions import changed, model_spec, workspace_of, write_sample

OWN = """
class Own:
    def fit(self, X, y): return self
    def predict(self, X): return X[:, 0]
"""


@pytest.mark.usefixtures("unimported")
def test_a_class_that_was_changed_is_another_search(tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "v5.3", eras=120, stocks=4, train_eras=90, unresolved=())
    workspace = replace(workspace_of(sample), profile=tmp_path / "numeri.toml")
    spec = model_spec(targets=("target_ender_20",), data=("train", "validation"))
    spec = changed(spec, name="own_of_search:Own", params={})
    found = []
    for text in (OWN, OWN, OWN.replace("X[:, 0]", "X[:, 1]")):
        (tmp_path / "own_of_search.py").write_text(text)
        sys.modules.pop("own_of_search", None)
        data = open_training_data(spec, workspace)
        plan = search_plan(spec, data, targets=spec.targets, target="target_ender_20", stride=1)
        found.append(
            study_name(
                "mine",
                spec,
                plan=plan,
                data=data,
                workspace=workspace,
                aims=("corr",),
                benchmark=None,
            )
        )
    assert found[0] == found[1] != found[2]


@pytest.fixture
def unimported() -> Iterator[None]:
    """Whatever the test imports is not imported afterwards."""
    yield
    sys.modules.pop("own_of_search", None)
