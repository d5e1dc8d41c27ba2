"""The dataset files as a participant meets them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from numeri_cli.practice.market.targets import TARGETS
from numeri_cli.practice.world.world import World
from tests.support.small_worlds import SMALL, own_world, small_world

WEEKS = ("earlier", "later")
NAMES = {
    "v5.3/features.json",
    "v5.3/train.parquet",
    "v5.3/validation.parquet",
    "v5.3/live.parquet",
    "v5.3/train_benchmark_models.parquet",
    "v5.3/validation_benchmark_models.parquet",
    "v5.3/live_benchmark_models.parquet",
    "v5.3/meta_model.parquet",
    "v5.3/validation_example_preds.parquet",
    "v5.3/validation_example_preds.csv",
    "v5.3/live_example_preds.parquet",
    "v5.3/live_example_preds.csv",
    "v5.3/churn_earlier.parquet",
    "v5.3/churn_later.parquet",
}


def frame(name: str) -> pd.DataFrame:
    """A published file, as pandas reads it."""
    return pd.read_parquet(small_world().files()[f"v5.3/{name}.parquet"])


def test_all_files_of_the_real_layout_are_there() -> None:
    files = small_world().files()
    assert set(files) == NAMES
    assert all(path.is_file() for path in files.values())


@pytest.mark.parametrize(
    ("name", "first", "last", "types"),
    [
        ("train", 1, 48, {"train"}),
        ("validation", 49, 60, {"test"}),
        ("live", 61, 61, {"live"}),
    ],
)
def test_data_files_have_the_columns_types_and_eras_of_the_real_ones(
    name: str, first: int, last: int, types: set[str]
) -> None:
    data = frame(name)
    features = list(small_world().feature_names)
    targets = [*TARGETS, "target"]
    assert data.index.name == "id"
    assert list(data.columns) == ["era", "data_type", *features, *targets]
    assert data["era"].unique().tolist() == [f"{era:04d}" for era in range(first, last + 1)]
    assert set(data["data_type"]) == types
    assert (data[features].dtypes == np.int8).all()
    assert (data[targets].dtypes == np.float32).all()
    assert data[features].to_numpy().min() == 0
    assert data[features].to_numpy().max() == 4
    assert data.index.is_unique
    assert all(re.fullmatch("n[0-9a-f]{15}", row) for row in data.index)
    assert (data.groupby("era").size() == SMALL.stocks).all()


def test_the_files_keep_the_id_as_a_column_for_those_without_pandas() -> None:
    schema = pq.read_schema(small_world().files()["v5.3/train.parquet"])
    assert schema.field("id").type == "string"


def test_targets_of_train_are_all_known_and_have_their_shares() -> None:
    data = frame("train")
    shares = data[data["era"] == "0001"]["target_ender_20"].value_counts().sort_index()
    assert shares.index.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert np.abs(shares.to_numpy() / SMALL.stocks - [0.05, 0.2, 0.5, 0.2, 0.05]).max() < 0.01
    assert data[[*TARGETS, "target"]].notna().to_numpy().all()


def test_the_alias_is_the_main_target_of_60_days() -> None:
    for name in ("train", "validation", "live"):
        data = frame(name)
        assert data["target"].equals(data["target_ender_60"].rename("target"))


def test_recent_eras_have_no_target_until_the_horizon_has_passed() -> None:
    known = frame("validation").groupby("era")[list(TARGETS)].count()
    assert set(known.loc["0049":"0056", "target_ender_20"]) == {SMALL.stocks}
    assert set(known.loc["0057":"0060", "target_ender_20"]) == {0}
    assert set(known["target_ender_60"]) == {0}  # twelve eras of validation, all too recent
    assert frame("live")[[*TARGETS, "target"]].isna().to_numpy().all()


def test_data_type_tells_whether_the_main_target_is_known(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    from tests.support.small_worlds import own_world

    world = own_world(tmp_path_factory.mktemp("advanced") / "world")
    world.advance()
    world.publish()
    data = pd.read_parquet(world.files()["v5.3/validation.parquet"])
    assert set(data[data["era"] == "0049"]["data_type"]) == {"validation"}
    assert set(data[data["era"] > "0049"]["data_type"]) == {"test"}
    assert data[data["data_type"] == "validation"]["target"].notna().all()
    assert data[data["data_type"] == "test"]["target"].isna().all()


def test_features_json_names_every_feature_and_target() -> None:
    content = json.loads(small_world().files()["v5.3/features.json"].read_text())
    train = frame("train")
    features = [name for name in train.columns if name.startswith("feature_")]
    targets = [name for name in train.columns if name.startswith("target")]
    assert content["feature_sets"]["all"] == features
    assert sorted(content["targets"]) == sorted(targets)
    for names in content["feature_sets"].values():
        assert set(names) <= set(features)


@pytest.mark.parametrize(("name", "first", "last"), [("train", 25, 48), ("validation", 49, 60)])
def test_benchmarks_cover_the_eras_that_walk_forward_can(name: str, first: int, last: int) -> None:
    data, rows = frame(f"{name}_benchmark_models"), frame(name)
    assert list(data.columns) == ["era", "v53_lgbm_ender20", "v53_lgbm_ender60"]
    assert data["era"].unique().tolist() == [f"{era:04d}" for era in range(first, last + 1)]
    assert data.index.tolist() == rows[rows["era"] >= f"{first:04d}"].index.tolist()
    assert data["v53_lgbm_ender20"].between(0, 1, inclusive="neither").all()
    assert data.groupby("era")["v53_lgbm_ender60"].nunique().min() > 50


def test_the_meta_model_covers_validation_with_its_ids() -> None:
    data, rows = frame("meta_model"), frame("validation")
    assert list(data.columns) == ["era", "data_type", "numerai_meta_model"]
    assert data.index.tolist() == rows.index.tolist()
    assert data["numerai_meta_model"].between(0, 1, inclusive="neither").all()


@pytest.mark.parametrize("name", ["validation", "live"])
def test_example_predictions_are_rank_over_n_in_parquet_and_csv(name: str) -> None:
    data = frame(f"{name}_example_preds")
    table = pd.read_csv(small_world().files()[f"v5.3/{name}_example_preds.csv"], index_col="id")
    assert list(data.columns) == list(table.columns) == ["prediction"]
    assert data.index.tolist() == table.index.tolist() == frame(name).index.tolist()
    assert data["prediction"].tolist() == table["prediction"].tolist()
    halves = data["prediction"].to_numpy()[: SMALL.stocks] * SMALL.stocks * 2
    assert np.abs(halves - np.rint(halves)).max() < 1e-9
    assert halves.max() >= 2 * SMALL.stocks - 2  # rank / n, so about 1


def test_the_ids_of_the_churn_pair_last_for_a_week_and_its_features_move_as_the_others_do() -> None:
    earlier, later = frame("churn_earlier"), frame("churn_later")
    assert len(earlier) == SMALL.stocks
    assert set(earlier.index) == set(later.index)
    assert list(earlier.index) != list(later.index)
    assert (earlier["era"].iloc[0], later["era"].iloc[0]) == ("0060", "0061")
    features = list(small_world().feature_names)
    assert earlier[[*TARGETS, "target"]].isna().to_numpy().all()
    same = earlier[features].corrwith(later.loc[earlier.index, features])
    strangers = earlier[features].corrwith(later[features].set_axis(earlier.index))
    assert 0.8 < same.mean() < 0.98  # 0.90 a week among the tournament's own stocks
    assert abs(strangers.mean()) < 0.1


def test_the_churn_pair_never_changes_and_a_world_made_without_it_gets_it(tmp_path: Path) -> None:
    world = own_world(tmp_path / "world")
    pair = [world.root / "published" / "fixed" / f"churn_{week}.parquet" for week in WEEKS]
    made = [path.read_bytes() for path in pair]
    for path in pair:
        path.unlink()
    assert [path.read_bytes() for path in pair if World.open(world.root).files()] == made
    world.advance()
    world.publish()
    assert [path.read_bytes() for path in pair] == made
