"""A parquet file is judged by its footer's promises and, where it is small, by every page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.dataset.features import MOST_BYTES, FeatureFile
from numeri_cli.dataset.parquet import DataFile, feature_matrix, float_column
from numeri_cli.dataset.parquet_check import check_parquet
from numeri_cli.dataset.prediction_files import read_predictions
from numeri_cli.dataset.scale import FeatureScale, scale_of
from numeri_cli.dataset.targets import alias_of
from numeri_cli.errors import FileDamaged, FileForeign, PredictionsIds
from numeri_cli.learning.matrix import float_rows


def written(path: Path, *, compression: str = "snappy") -> Path:
    table = pa.table({"id": [f"n{n:07d}" for n in range(5_000)], "x": np.arange(5_000) % 7})
    pq.write_table(table, path, compression=compression)
    return path


def test_a_sound_file_passes(tmp_path: Path) -> None:
    check_parquet(written(tmp_path / "live.parquet"))


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5])
def test_a_byte_changed_in_a_page_is_noticed_though_the_footer_is_sound(
    tmp_path: Path, place: float
) -> None:
    path = written(tmp_path / "live.parquet")
    content = bytearray(path.read_bytes())
    at = int(place * len(content))
    content[at : at + 40] = b"\xff" * 40
    path.write_bytes(content)
    pq.read_metadata(path)
    with pytest.raises(FileDamaged, match="pages or a footer"):
        check_parquet(path)


def test_ids_that_are_no_text_are_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "live.parquet", compression="none")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"n0000003", b"\xff\xfe00003", 1))
    with pytest.raises(FileDamaged):
        check_parquet(path)


def test_a_small_file_that_promises_many_rows_is_refused_before_they_are_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "live.parquet"
    one_value = pa.array(np.zeros(20_000_000, dtype=np.int8))
    pq.write_table(pa.table({"id": one_value}), path)
    for refused in (check_parquet, DataFile.open):
        with pytest.raises(FileForeign, match=r"20,000,000 rows in [\d,]+ bytes"):
            refused(path)


def test_a_features_file_of_a_strange_size_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "features.json"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(FileForeign, match="64,000,001 bytes"):
        FeatureFile.read(path)


@pytest.mark.parametrize(
    ("column", "kind", "words"),
    [
        ("era", pa.list_(pa.int8()), "in era instead of texts"),
        ("id", pa.struct([("x", pa.int8())]), "in id instead of texts"),
        ("feature_a", pa.string(), "has string in feature_a instead of numbers"),
        ("target", pa.timestamp("s"), "in target instead of numbers"),
    ],
)
def test_a_column_of_another_kind_of_thing_is_refused_before_it_is_read(
    tmp_path: Path, column: str, kind: pa.DataType, words: str
) -> None:
    columns = {"id": pa.array(["a"]), "era": pa.array(["1"]), "feature_a": pa.array([1], pa.int8())}
    columns["target"] = pa.array([0.5])
    pq.write_table(pa.table(columns), tmp_path / "sound.parquet")
    assert DataFile.open(tmp_path / "sound.parquet").rows == 1
    columns[column] = pa.nulls(1, kind)
    pq.write_table(pa.table(columns), tmp_path / "odd.parquet")
    with pytest.raises(FileForeign, match=words):
        DataFile.open(tmp_path / "odd.parquet")


def test_whole_numbers_beyond_those_of_a_float_are_read_as_the_nearest(tmp_path: Path) -> None:
    numbers = pa.array([2**62 + 1, None], pa.int64())
    table = pa.table({"id": ["a", "b"], "feature_a": numbers, "target": numbers})
    assert float_column(table, "target")[0] == 2.0**62
    assert feature_matrix(table, ["feature_a"])[0, 0] == 2.0**62
    assert float_rows(table, ["feature_a"])[0, 0] == 2.0**62
    columns = {"id": ["a", "b"], "era": ["1", "1"], "feature_a": numbers}
    targets = {"target": numbers, "target_a": numbers}
    path = tmp_path / "large.parquet"
    pq.write_table(pa.table({**columns, **targets}), path, write_statistics=False)
    data = DataFile.open(path)
    assert alias_of(data) == "target_a"
    assert scale_of([data], ["feature_a"]) == FeatureScale(least=2.0**62, most=2.0**62, whole=True)


def test_an_infinite_feature_is_refused(tmp_path: Path) -> None:
    table = pa.table({"id": ["a", "b"], "feature_a": [1.0, float("inf")]})
    with pytest.raises(FileForeign, match="feature_a holds an infinite number"):
        feature_matrix(table, ["feature_a"])


def test_ids_that_are_no_texts_are_refused(tmp_path: Path) -> None:
    ids = pa.nulls(1, pa.struct([("x", pa.int8())]))
    pq.write_table(pa.table({"id": ids, "prediction": [0.5]}), tmp_path / "mine.parquet")
    with pytest.raises(PredictionsIds, match="instead of ids"):
        read_predictions(tmp_path / "mine.parquet")
