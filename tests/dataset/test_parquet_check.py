"""A parquet file is judged by its footer's promises and, where it is small, by every page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.dataset.features import MOST_BYTES, FeatureFile
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.parquet_check import check_parquet
from numeri_cli.errors import FileDamaged, FileForeign


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
