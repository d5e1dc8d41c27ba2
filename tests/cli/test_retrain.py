"""Retraining: when it is due, and that the old model serves until the new one has validated."""

from __future__ import annotations

from pathlib import Path

import pytest

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
