"""A blend's backtest is made of its parts' backtests: by hand beside it, each part walked once."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from numeri_cli.config import read_profile
from numeri_cli.errors import ProfileInvalid
from numeri_cli.scoring.neutral import neutralize
from numeri_cli.scoring.ranks import gaussianize, rank_uniform
from tests.support.runner import PROFILE, Numeri

FEW = PROFILE.replace("n_estimators = 20", "n_estimators = 4")
SECOND = FEW[FEW.index("[models.") :].replace("lighthouse", "beacon")
SECOND = SECOND.replace('features = "medium"', 'features = "small"\ndata = ["train", "validation"]')
BLENDED = """[models.blended]
blend = { lighthouse = 0.6, beacon = 0.2 }
neutralize = { features = "small", proportion = 0.5 }
"""
BOTH = FEW + SECOND + BLENDED


@pytest.fixture
def walked(trained: Path, profile: Path, numeri: Numeri) -> Path:
    """The folder of predictions after a backtest of a blend and of one of its parts."""
    profile.write_text(BOTH)
    words = ("blended", "lighthouse", "--window", "24", "--stride", "4", "--verbose")
    said = numeri("backtest", *words)
    assert said.code == 0, said.out
    assert said.err.count("window_0_done") == 2  # each part once
    table = [line.split() for line in said.out.splitlines()[2:5]]
    eras = {model: figures for model, _, figures, *_ in table}
    assert list(eras) == ["lighthouse", "beacon", "blended"]
    assert eras["blended"] == eras["lighthouse"] == "6"  # the other part predicts more
    assert re.search(r"blended: \d+ eras that not every part predicts are left out", said.err)
    return trained / "data/predictions/practice"


def backtest(folder: Path, model: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{model}-backtest.parquet").set_index("id")


def by_hand(folder: Path, weights: list[float], *, proportion: float) -> pd.Series:
    """The blend of the parts' files, era by era, on the eras that both have."""
    parts = [backtest(folder, name) for name in ("lighthouse", "beacon")]
    joined = parts[0].join(parts[1]["prediction"].rename("beacon"), how="inner")
    dataset = next(folder.parents[1].rglob("train.parquet")).parent
    sets = pd.read_json(dataset / "features.json", typ="series")["feature_sets"]
    features = pd.read_parquet(dataset / "train.parquet", columns=sets["small"])
    blended = []
    for _, era in joined.groupby("era", sort=False):
        mean = gaussianize(era[["prediction", "beacon"]].to_numpy()) @ weights
        taken = features.loc[era.index].to_numpy()
        left = neutralize(mean, taken, proportion=proportion) if proportion else mean
        blended.append(pd.Series(rank_uniform(left), index=era.index))
    return pd.concat(blended)


def test_a_walked_blend_is_the_one_made_by_hand_and_follows_its_parts(
    walked: Path, numeri: Numeri
) -> None:
    made = backtest(walked, "blended")
    expected = by_hand(walked, [0.75, 0.25], proportion=0.5)
    assert list(made["era"]) == sorted(made["era"])
    assert len(made) == len(expected) > 0
    np.testing.assert_allclose(made["prediction"], expected[made.index], rtol=0, atol=1e-12)
    # another backtest of a part: the blend is that of what the parts say now
    part = walked / "lighthouse-backtest.parquet"
    turned = pd.read_parquet(part)
    turned["prediction"] = 1 - turned["prediction"]
    turned.to_parquet(part)
    again = numeri("validate", "blended@backtest", "--eras", "0025", "--json")
    assert again.code == 0, again.out
    now = backtest(walked, "blended")["prediction"]
    assert np.abs(now - made["prediction"]).max() > 0.1
    made, expected = backtest(walked, "blended"), by_hand(walked, [0.75, 0.25], proportion=0.5)
    np.testing.assert_allclose(made["prediction"], expected[made.index], rtol=0, atol=1e-12)
    page = Path(again.data["report"]).read_text()
    assert "0.75 lighthouse + 0.25 beacon" in page
    assert "beacon: feature sets" in page


def test_a_blend_whose_parts_were_not_backtested_is_refused_by_their_names(
    trained: Path, profile: Path, numeri: Numeri
) -> None:
    profile.write_text(BOTH)
    said = numeri("validate", "blended@backtest", "--json")
    assert said.code == 1, said.out
    error = said.json["error"]
    assert "lighthouse and beacon, parts of it, have not been backtested" in error["message"]
    assert error["hint"].startswith("`numeri backtest blended`")


def test_a_file_of_a_blend_is_known_again_by_what_its_parts_have_seen(
    trained: Path, profile: Path, numeri: Numeri
) -> None:
    profile.write_text(BOTH)
    assert numeri("train", "beacon").code == 0
    said = numeri("predict", "blended", "--data", "validation", "--json")
    assert said.code == 0, said.out
    moved = Path(said.data["files"][0]["path"]).rename("elsewhere.parquet")
    scored = numeri("validate", str(moved), "--eras", "0049-0050", "--json")
    assert scored.code == 0, scored.out
    [source] = scored.data["sources"]
    assert source["seen_in_training"] > 0
    page = Path(scored.data["report"]).read_text()
    assert "0.75 lighthouse + 0.25 beacon" in page
    assert "beacon: artifact" in page
    [note] = trained.glob("data/predictions/practice/made by/*.json")
    cleaned = numeri("clean", "--dry-run", "--json")
    assert str(note) not in {one["path"] for one in cleaned.data["removed"]}
    [artifact] = (trained / "data/models/practice/beacon").iterdir()
    artifact.rename(trained / "gone")
    cleaned = numeri("clean", "--dry-run", "--json")
    assert str(note) in {one["path"] for one in cleaned.data["removed"]}


def test_models_that_wait_for_a_blend_of_themselves_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "numeri.toml"
    text = "[models.mixed]\nblend = { lighthouse = 1 }\n[models.lighthouse]\n"
    path.write_text(text)
    assert read_profile(path).models["mixed"].blend == {"lighthouse": 1.0}
    path.write_text(text + 'residual_to = "mixed"\n')
    with pytest.raises(ProfileInvalid, match="in a circle: mixed → lighthouse → mixed"):
        read_profile(path)
