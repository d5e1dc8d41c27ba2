from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow.parquet as pq
import pytest

from numeri_cli.errors import FileForeign, TargetMissing
from numeri_cli.learning.estimators.lightgbm.binned import (
    build_binned,
    dataset_parameters,
    subset,
)
from numeri_cli.learning.estimators.lightgbm.model_text import trees_of
from numeri_cli.learning.estimators.lightgbm.parameters import (
    lightgbm_parameters,
    without,
)
from numeri_cli.learning.estimators.lightgbm.segments import train_booster
from numeri_cli.learning.rows import LabelledRows, rows_of_eras, with_target
from tests.support.data_versions import SampleMaker, labelled, sources_of

TREES = 20
GIVEN: dict[str, Any] = {"n_estimators": TREES, "colsample_bytree": 0.4, "seed": 3}


def ours(
    chosen: LabelledRows, features: tuple[str, ...], folder: Path, *, missing_twos: str = "keep"
) -> str:
    params = lightgbm_parameters(GIVEN)
    binned = build_binned(chosen.rows, features, params, missing_twos=missing_twos)
    return train_booster(binned, params, labels=chosen.labels, folder=folder)


def plain(cells: np.ndarray, labels: np.ndarray, features: tuple[str, ...]) -> str:
    params = lightgbm_parameters(GIVEN)
    data = lgb.Dataset(
        cells.astype(np.float32),
        label=labels,
        feature_name=list(features),
        params=dataset_parameters(params),
    )
    return str(lgb.train(without(params, "num_iterations"), data, TREES).model_to_string())


@pytest.mark.core
@pytest.mark.parametrize("group_rows", [97, 100_000])
def test_trees_from_column_blocks_are_those_of_plain_lightgbm(
    make_sample: SampleMaker, tmp_path: Path, group_rows: int
) -> None:
    sample = make_sample(features=150, eras=30, train_eras=30, group_rows=group_rows)
    features = sample.features[::-1]
    text = ours(labelled(sample, "train"), features, tmp_path / "legs")
    expected = plain(sample.cells[:, ::-1], sample.labels, features)
    assert trees_of(text) == trees_of(expected)
    assert lgb.Booster(model_str=text).feature_name() == list(features)


def test_rows_of_two_files_are_taken_in_their_order(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample()
    text = ours(labelled(sample, "train", "validation"), sample.features, tmp_path / "legs")
    assert trees_of(text) == trees_of(plain(sample.cells, sample.labels, sample.features))


def test_rows_without_a_target_are_dropped_and_counted(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample(unresolved=(1, 29, 30))
    chosen = labelled(sample, "train")
    assert chosen.dropped == 3 * 40
    known = sample.in_train & ~np.isnan(sample.labels)
    text = ours(chosen, sample.features, tmp_path / "legs")
    expected = plain(sample.cells[known], sample.labels[known], sample.features)
    assert trees_of(text) == trees_of(expected)


def test_a_target_without_any_value_is_refused(make_sample: SampleMaker) -> None:
    sample = make_sample(unresolved=range(31, 41))
    with pytest.raises(TargetMissing, match="target_ender_20"):
        labelled(sample, "validation")


def test_only_the_chosen_eras_are_binned(make_sample: SampleMaker) -> None:
    sample = make_sample()
    sources = sources_of(sample, "train")
    rows = rows_of_eras(sources, ["0004", "0008"])
    assert rows.chosen_eras() == ("0004", "0008")
    binned = build_binned(rows, sample.features, lightgbm_parameters({}))
    assert binned.num_data() == 80


def test_a_feature_that_is_two_throughout_an_era_can_count_as_missing(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample()
    absent = sample.eras <= 12
    sample.cells[absent, 1] = 2
    table = pq.read_table(sample.folder / "train.parquet")
    place = table.column_names.index("feature_001")
    column = table.column(place).to_numpy().copy()
    column[absent[sample.in_train]] = 2
    table = table.set_column(place, "feature_001", [column])
    pq.write_table(table, sample.folder / "train.parquet", row_group_size=101)
    cells = sample.cells[sample.in_train].astype(np.float32)
    cells[absent[sample.in_train], 1] = np.nan
    cells[:, 2] = np.nan
    chosen = labelled(sample, "train")
    text = ours(chosen, sample.features, tmp_path / "nan", missing_twos="nan")
    kept = ours(chosen, sample.features, tmp_path / "keep")
    labels = sample.labels[sample.in_train]
    assert trees_of(text) == trees_of(plain(cells, labels, sample.features))
    assert trees_of(text) != trees_of(kept)


def test_absent_and_nan_features_stay_missing(make_sample: SampleMaker, tmp_path: Path) -> None:
    sample = make_sample(eras=30, train_eras=30)
    cells = sample.cells.astype(np.float32)
    cells[sample.eras < 8, 0] = np.nan
    path = sample.folder / "train.parquet"
    frame = pq.read_table(path).to_pandas()
    frame["feature_000"] = cells[:, 0]
    frame.to_parquet(path, index=False)
    text = ours(labelled(sample, "train"), sample.features, tmp_path / "legs")
    assert trees_of(text) == trees_of(plain(cells, sample.labels, sample.features))


def test_a_part_of_a_binned_whole_gives_the_trees_of_its_rows(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample()
    sources = sources_of(sample, "train", "validation")
    whole = rows_of_eras(sources, sources[0].eras)
    part = with_target(rows_of_eras(sources, sources[0].eras[:35]), "target_ender_20")
    params = lightgbm_parameters(GIVEN)
    binned = subset(build_binned(whole, sample.features, params), part.rows.within(whole))
    text = train_booster(binned, params, labels=part.labels, folder=tmp_path / "part")
    assert trees_of(text) == trees_of(ours(part, sample.features, tmp_path / "alone"))


def test_an_absent_feature_is_named(make_sample: SampleMaker) -> None:
    sample = make_sample()
    chosen = labelled(sample, "train")
    with pytest.raises(FileForeign, match="feature_999"):
        build_binned(chosen.rows, ("feature_000", "feature_999"), lightgbm_parameters({}))
