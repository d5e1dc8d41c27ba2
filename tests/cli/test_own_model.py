"""The guide's worked example, as it stands there: a model of one's own beside the profile."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.support.runner import Numeri
from tests.support.sources import PACKAGE

PAGE = (PACKAGE / "guide" / "own-model.md").read_text(encoding="utf-8")
EXAMPLE = PAGE[PAGE.index("## Ridge and trees, blended") : PAGE.index("## Before you trust it")]
MODULE, SHARE = "blend", "ridge_share = 0.4"


def block(language: str) -> str:
    """The example's one block in this language."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", EXAMPLE, flags=re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def own_model(practice: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The two files where the page has them put; the profile."""
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    assert f"`{MODULE}.py`" in EXAMPLE
    Path(f"{MODULE}.py").write_text(block("python"), encoding="utf-8")
    profile = Path("numeri.toml")
    profile.write_text(block("toml"), encoding="utf-8")
    return profile


def predicted(numeri: Numeri, profile: Path, *, share: str) -> pd.Series:
    """Train with this share of ridge; validation predictions, without neutralization, by id."""
    assert SHARE in block("toml")
    quick = f"ridge_share = {share}, n_estimators = 30"
    profile.write_text(block("toml").replace(SHARE, quick), encoding="utf-8")
    assert numeri("train", "--tournament", "practice").code == 0
    words = ("--tournament", "practice", "--data", "validation", "--raw", "--output", "p.csv")
    assert numeri("predict", *words).code == 0
    return pd.read_csv("p.csv", index_col="id")["prediction"]


def test_the_guides_blend_trains_and_its_submission_is_accepted(
    numeri: Numeri, numeri_process: Numeri, own_model: Path
) -> None:
    """Another process finds the class again, and no library warns of anything."""
    said = numeri("train", "--tournament", "practice", "--json")
    assert said.code == 0, said.out
    assert said.err == ""
    [model] = said.data["models"]
    assert (model["features"], len(model["targets"])) == (8, 2)
    said = numeri_process("submit", "--tournament", "practice", "--json")
    assert said.code == 0, said.out
    assert said.err == ""
    [model] = said.data["models"]
    assert (model["model"], model["state"]) == ("lighthouse", "accepted")


def test_the_guides_blend_depends_on_both_parts(numeri: Numeri, own_model: Path) -> None:
    numeri("download", "validation", "--tournament", "practice")
    ridge = predicted(numeri, own_model, share="1.0")
    trees = predicted(numeri, own_model, share="0.0")
    blend = predicted(numeri, own_model, share="0.4")
    apart = ridge.corr(trees)
    assert apart < 0.95
    assert apart + 0.02 < blend.corr(ridge) < 0.999
    assert apart + 0.02 < blend.corr(trees) < 0.999
