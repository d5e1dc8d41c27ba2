"""Models of the profile as members of another: by hand beside it, and each part predicted once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from numeri_cli.config import read_profile
from numeri_cli.errors import ProfileInvalid
from numeri_cli.scoring.neutral import neutralize
from numeri_cli.scoring.ranks import gaussianize, rank_uniform
from tests.support.runner import PROFILE, Numeri

SECOND = PROFILE[PROFILE.index("[models.") :].replace("lighthouse", "beacon")
SECOND = SECOND.replace("n_estimators = 20", "n_estimators = 10").replace('"medium"', '"small"')
PARTS = PROFILE + SECOND
BLENDED = "[models.blended]\nblend = { lighthouse = 0.6, beacon = 0.2 }\n"
BOTH = BLENDED + PARTS[PARTS.index("[models") :] + '[models.other]\nblend = "equal"\n'
BOTH = PARTS[: PARTS.index("[models")] + BOTH


@pytest.fixture
def blending(trained: Path, profile: Path, numeri: Numeri) -> Path:
    """A home with a second model trained, and a profile with two blends, one before its parts."""
    profile.write_text(BOTH)
    for name in ("blended", "other"):
        assert numeri("practice", "add-model", name).code == 0
    assert numeri("train", "beacon").code == 0
    return trained


def column(name: str) -> pd.Series:
    made: pd.Series = pd.read_parquet(f"{name}-live.parquet").set_index("id")["prediction"]
    return made


def test_a_blend_is_the_one_made_by_hand_of_its_parts_files(
    blending: Path, profile: Path, numeri: Numeri
) -> None:
    neutral = BLENDED + 'neutralize = { features = "small", proportion = 0.5 }\n'
    profile.write_text(BOTH.replace(BLENDED, neutral))
    assert numeri("predict").code == 0
    parts = pd.DataFrame({name: column(name) for name in ("lighthouse", "beacon")})
    ranks = gaussianize(parts.to_numpy())
    equal = rank_uniform(ranks.mean(axis=1))
    np.testing.assert_allclose(column("other")[parts.index], equal, rtol=0, atol=1e-12)
    live = pd.read_parquet(next((blending / "data/datasets").rglob("live.parquet")))
    sets = pd.read_json(next((blending / "data/datasets").rglob("features.json")), typ="series")
    features = live.loc[parts.index, sets["feature_sets"]["small"]].to_numpy()
    weighted = ranks @ np.array([0.75, 0.25])
    expected = rank_uniform(neutralize(weighted, features, proportion=0.5))
    np.testing.assert_allclose(column("blended")[parts.index], expected, rtol=0, atol=1e-12)
    assert np.abs(column("blended") - column("lighthouse")).max() > 0.01


def test_a_run_predicts_each_part_once_for_all_blends(blending: Path, numeri: Numeri) -> None:
    said = numeri("run", "--verbose")
    assert said.code == 0, said.err
    assert said.out.count("accepted, on-time") == 4
    assert said.err.count("Z predicted") == 8  # of live and of validation data, each model once
    numeri("practice", "advance")
    again = numeri("run", "--json")
    assert [one["state"] for one in again.data["models"]] == ["accepted"] * 4
    assert again.data["models"][0]["artifact"].startswith("blend-")


def test_blends_of_untrained_parts_are_trained_by_a_run(
    practice: Path, profile: Path, numeri: Numeri
) -> None:
    profile.write_text(BOTH)
    for name in ("blended", "other"):
        numeri("practice", "add-model", name)
    said = numeri("run", "--verbose")
    assert said.code == 0, said.err
    assert said.out.count("accepted, on-time") == 4
    assert said.err.count("artifact_saved") == 2


def test_a_blend_is_validated_beside_its_parts_and_knows_what_they_have_seen(
    blending: Path, numeri: Numeri
) -> None:
    numeri("practice", "advance", "--rounds", "4")
    assert numeri("download", "validation", "--force").code == 0
    said = numeri("validate", "blended", "lighthouse", "--eras", "0049-0060", "--json")
    assert said.code == 0, said.out
    seen = [source["seen_in_training"] for source in said.data["sources"]]
    assert seen[0] == seen[1] > 0
    assert said.data["correlations"][0]["correlation"] > 0.5
    page = Path(said.data["report"]).read_text()
    assert "0.75 lighthouse + 0.25 beacon" in page


@pytest.mark.parametrize("verb", ["train", "retrain"])
def test_of_a_blend_nothing_is_trained(blending: Path, numeri: Numeri, verb: str) -> None:
    said = numeri(verb, "blended", "--json")
    assert said.code == (0 if verb == "train" else 2), said.out
    if verb == "train":  # its parts are
        assert [row["model"] for row in said.data["models"]] == ["lighthouse", "beacon"]
        return
    assert (said.code, said.json["error"]["code"]) == (2, "usage")
    assert f"numeri {verb} lighthouse beacon" in said.json["error"]["hint"]


def test_a_part_trained_otherwise_is_told_of_its_blend(
    blending: Path, profile: Path, numeri: Numeri
) -> None:
    profile.write_text(BOTH.replace("n_estimators = 10", "n_estimators = 11"))
    said = numeri("submit", "blended", "--dry-run", "--json")
    [finding] = [one for one in said.model["findings"] if one["code"] == "guard_profile"]
    assert finding["model"] == "blended"
    assert "trained beacon in estimator.params.n_estimators" in finding["message"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('blend = "best"', 'must be "equal" or a table'),
        ("blend = {}", "has no parts"),
        ("blend = { lighthous = 1 }", "which is no model of the profile"),
        ("blend = { lighthouse = 0 }", "line 2: models.mixed.blend"),
        ("blend = { mixed = 1 }", "which is a blend itself"),
        ('blend = "equal"\nfeatures = "small"', "features would change nothing"),
    ],
)
def test_a_blend_that_cannot_be_is_refused(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "numeri.toml"
    path.write_text(f"[models.mixed]\n{lines}\n[models.lighthouse]\n")
    with pytest.raises(ProfileInvalid, match=words):
        read_profile(path)
    path.write_text('[models.alone]\nblend = "equal"\n')
    with pytest.raises(ProfileInvalid, match="the profile has no other"):
        read_profile(path)
