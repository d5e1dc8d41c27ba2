"""Retraining: when it is due, and that the old model serves until the new one has validated."""

from __future__ import annotations

from pathlib import Path

import pytest

from numeri_cli.home import Home
from numeri_cli.learning.workspace import Workspace
from numeri_cli.locks import held_lock
from tests.support.runner import Numeri

pytestmark = pytest.mark.usefixtures("practice")


def wanting(profile: Path, period: str) -> None:
    text = profile.read_text().replace(
        'targets = ["target_ender_20"]', f'targets = ["target_ender_20"]\nretrain = "{period}"'
    )
    profile.write_text(text)


def artifacts(numeri: Numeri) -> list[str]:
    return [row["artifact"] for row in numeri("models", "--local", "--json").data["artifacts"]]


def test_a_model_that_is_due_is_trained_again_after_its_submission(
    numeri: Numeri, profile: Path
) -> None:
    wanting(profile, "2 weeks")
    assert numeri("run", "--json").data["retrained"] == []
    first = artifacts(numeri)
    numeri("practice", "advance")
    assert numeri("run", "--json").data["retrained"] == []
    numeri("practice", "advance")
    run = numeri("run", "--json").data
    assert run["models"][0]["state"] == "accepted"
    assert run["models"][0]["artifact"] == first[0]
    again = run["retrained"][0]
    if again["state"] == "adopted":
        assert again["corr_mean"] > 0
        assert artifacts(numeri) == [again["artifact"], *first]
    else:
        assert again["state"] == "kept the old"
        assert not again["corr_mean"] > 0
        assert artifacts(numeri) == first


def test_never_is_never(numeri: Numeri, profile: Path) -> None:
    assert numeri("run").code == 0
    numeri("practice", "advance", "--rounds", "5")
    assert numeri("run", "--json").data["retrained"] == []
    assert len(artifacts(numeri)) == 1


def test_a_retraining_does_not_begin_beside_a_training_of_the_same_model(
    numeri: Numeri, profile: Path
) -> None:
    wanting(profile, "1 week")
    assert numeri("run").code == 0
    first = artifacts(numeri)
    numeri("practice", "advance")
    workspace = Workspace(Home.find(), "practice", Path("v5.3"))
    with held_lock(workspace.lock("lighthouse"), what="a training of lighthouse"):
        [again] = numeri("run", "--json").data["retrained"]
    assert (again["state"], again["artifact"]) == ("failed", None)
    assert again["message"] == "a training of lighthouse is already at work"
    assert artifacts(numeri) == first
    numeri("practice", "advance")
    [again] = numeri("run", "--json").data["retrained"]
    assert again["state"] != "failed"
    assert not list(Home.find().models("practice").glob("lighthouse/.*"))


def test_a_class_of_ones_own_is_trained_again_too(numeri: Numeri, profile: Path) -> None:
    wanting(profile, "1 week")
    text = profile.read_text()
    start = text.index("[models.lighthouse.estimator]")
    own = '[models.lighthouse.estimator]\nname = "sklearn.linear_model:Ridge"\n'
    profile.write_text(text[:start] + own)
    assert numeri("run").code == 0
    numeri("practice", "advance")
    [again] = numeri("run", "--json").data["retrained"]
    assert again["state"] in ("adopted", "kept the old")
    assert again["message"] == "" or "mean CORR" in again["message"]
