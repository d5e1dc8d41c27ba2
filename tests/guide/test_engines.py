"""What the page on engines shows can be copied: its profiles are valid, its classes learn."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.config import Profile
from numeri_cli.learning.estimators.base import ESTIMATORS
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import ModelSpec
from tests.support.data_versions import workspace_of, write_sample
from tests.support.sources import PACKAGE

PAGE = (PACKAGE / "guide" / "engines.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_every_engine_stands_on_the_page() -> None:
    assert [name for name in ESTIMATORS if f'`"{name}"`' not in PAGE] == []


@pytest.mark.parametrize("text", blocks("toml"))
def test_a_profile_of_the_page_is_valid(text: str) -> None:
    profile = Profile.model_validate(tomllib.loads(text))
    assert profile.models["lighthouse"].estimator.name


def test_the_class_of_scikit_learn_learns_from_the_stream(tmp_path: Path) -> None:
    sys.modules.pop("sgd", None)
    text = next(one for one in blocks("python") if "SGDRegressor" in one)
    (tmp_path / "sgd.py").write_text(text, encoding="utf-8")
    shown = next(one for one in blocks("toml") if "sgd:" in one)
    [model] = tomllib.loads(shown)["models"].values()
    model["estimator"]["params"]["eta0"] = 0.01  # a sample has few rows
    spec = ModelSpec.model_validate(
        model | {"features": "all", "targets": ["target_ender_20"], "neutralize": None}
    )
    sample = write_sample(tmp_path / "v5.3")
    place = workspace_of(sample)
    beside = Workspace(
        place.home, place.tournament, place.dataset, profile=tmp_path / "numeri.toml"
    )
    artifact = train("lighthouse", spec, beside)
    digests = {record.file: record.digest for record in artifact.contract.members}
    [member] = artifact.fitted(digests=digests, module_folder=tmp_path).members
    later = ~sample.in_train
    predicted = member.predict(sample.cells[later].astype(np.float32))
    assert np.corrcoef(predicted, sample.labels[later])[0, 1] > 0.3
    sys.modules.pop("sgd", None)


def test_the_net_has_the_methods_that_are_looked_for() -> None:
    text = next(one for one in blocks("python") if "torch" in one)
    [net] = [one for one in ast.parse(text).body if isinstance(one, ast.ClassDef)]
    methods = {one.name for one in net.body if isinstance(one, ast.FunctionDef)}
    assert methods == {"__init__", "fit_eras", "predict"}


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is no dependency")
def test_the_net_learns_where_pytorch_is_installed() -> None:
    text = next(one for one in blocks("python") if "torch" in one)
    names: dict[str, type] = {}
    exec(text, names)  # noqa: S102 - our own page
    net = names["Net"](width=8)
    rows = np.random.default_rng(0).integers(0, 5, (200, 4)).astype(np.float32)
    net.fit_eras([("0001", rows, rows[:, 0] / 4, None)] * 200)
    assert np.corrcoef(net.predict(rows), rows[:, 0])[0, 1] > 0.8
