"""numeri hosted check against practice: a model's pickle is made, tried, and told of."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path

import pytest

from tests.support.hosted_pickles import pickled_by
from tests.support.runner import PROFILE, Numeri


def test_the_starter_model_is_fit_and_equals_numeri_predict(
    numeri: Numeri, trained: Path, tmp_path: Path
) -> None:
    output = tmp_path / "lighthouse.pkl"
    said = numeri("hosted", "check", "lighthouse", "--bare", "--output", output, "--json")
    assert said.code == 0, said.err
    levels = {one["check"]: one["level"] for one in said.data["findings"]}
    assert [check for check, level in levels.items() if level == "mend"] == []
    assert {"python", "data version", "opens", "same", "rows", "columns"} <= set(levels)
    assert {"int8", "missing feature", "spread"} <= set(levels)
    same = next(one for one in said.data["findings"] if one["check"] == "same")
    assert same["message"].startswith("equal to `numeri predict`")
    assert said.data["environment"] == "bare"
    assert "numeri_cli" not in said.data["imports"]
    assert said.data["imports"]["lightgbm"]
    assert "numeri_cli" not in said.data["by_reference"]
    assert output.is_file()
    assert said.data["file"] == str(output)


def test_a_python_that_no_image_has_is_refused_with_one_that_builds(
    numeri: Numeri, trained: Path, tmp_path: Path
) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\necho "3.9.18 cpython"\n', encoding="ascii")
    old.chmod(0o755)
    said = numeri("hosted", "check", "lighthouse", "--python", old)
    assert said.code == 1
    assert (
        "no image of Numerai's has Python 3.9: there are 3.11, 3.12 (the default), 3.13" in said.err
    )
    assert "--python" in said.err
    said = numeri("hosted", "check", "lighthouse", "--python", tmp_path / "nothing", "--json")
    assert said.json["error"]["code"] == "python_missing"


def test_a_file_is_never_opened_here_and_its_faults_end_with_code_1(
    numeri: Numeri, trained: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    evil = tmp_path / "evil.pkl"
    marks_its_process = (
        "cbuiltins\nsetattr\n(cbuiltins\n__import__\n(S'builtins'\ntRS'opened_here'\nI1\ntR0"
    )
    evil.write_bytes(f"{marks_its_process}cposix\nsystem\n(S'touch {ran}'\ntR.".encode())
    said = numeri("hosted", "check", evil, "--bare", "--json")
    assert said.code == 1
    assert not hasattr(builtins, "opened_here")
    assert not (said.data["confined"] and ran.exists())
    assert [one["check"] for one in said.data["findings"] if one["level"] == "mend"]


def test_a_file_pickled_by_a_python_that_is_not_here_is_told_so(
    numeri: Numeri, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HOME": tmp_path, "PYENV_ROOT": tmp_path, "PATH": "/nowhere"}.items():
        monkeypatch.setenv(name, str(value))
    other = "3.13" if sys.version_info[:2] != (3, 13) else "3.11"
    path = tmp_path / "model.pkl"
    path.write_bytes(pickled_by(other))
    said = numeri("hosted", "check", path, "--bare")
    assert said.code == 1
    assert f"it was pickled by another Python, {other}, which this machine has not" in said.err


def test_a_neutralization_against_a_file_of_ones_own_is_refused_by_name(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    (profile.parent / "risk.csv").write_text("id,factor\nn1,0.5\n", encoding="utf-8")
    more = '\n[models.lighthouse.neutralize]\nfile = "risk.csv"\n'
    profile.write_text(PROFILE + more, encoding="utf-8")
    said = numeri("hosted", "check", "lighthouse", "--bare")
    assert said.code == 1
    assert "lighthouse is neutralized against risk.csv, a file of this machine" in said.err


def test_a_function_of_ones_own_is_pickled_with_its_module(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    helper = "def weights(names):\n    return {name: 1 + n % 3 for n, name in enumerate(names)}\n"
    (profile.parent / "own_weights.py").write_text(helper, encoding="utf-8")
    (profile.parent / "own_model.py").write_text(
        "import pandas as pd\n"
        "from own_weights import weights\n\n\n"
        "def predict(live_features):\n"
        "    names = sorted(n for n in live_features if n.startswith('feature_'))[:9]\n"
        "    found = sum(live_features[n].astype(float) * w for n, w in weights(names).items())\n"
        "    return pd.DataFrame({'prediction': found})\n",
        encoding="utf-8",
    )
    profile.write_text(
        'tournament = "practice"\n[models.lighthouse.estimator]\nname = "own_model:predict"\n',
        encoding="utf-8",
    )
    said = numeri("hosted", "check", "lighthouse", "--bare", "--json")
    assert said.code == 0, said.data["findings"]
    assert said.data["by_value"] == ["own_model", "own_weights"]
