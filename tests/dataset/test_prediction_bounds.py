"""A prediction file is bounded before it is read: bytes, columns, rows, in CSV and parquet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.dataset.parquet_check import check_parquet
from numeri_cli.dataset.prediction_bounds import MOST_BYTES, MOST_HEADER_BYTES, MOST_ROWS
from numeri_cli.dataset.prediction_files import read_predictions
from numeri_cli.errors import FileForeign


def of_bytes(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"id,prediction\na,0.5\n")
        file.truncate(MOST_BYTES + 1)  # a hole takes no disk


def of_columns(path: Path) -> None:
    path.write_bytes(b"id,prediction," + b"," * 60_000 + b"\n")


def of_one_line(path: Path) -> None:
    path.write_bytes(b"id,prediction" + b"x" * MOST_HEADER_BYTES)


def of_rows(path: Path) -> None:
    path.write_bytes(b"id,prediction\n" + b"a\n" * (MOST_ROWS + 1))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (of_bytes, "4,000,000,001 bytes"),
        (of_columns, "60,003 columns"),
        (of_one_line, "a first line of more than"),
        (of_rows, "more than 20,000,000 rows"),
    ],
)
def test_a_csv_beyond_any_prediction_file_is_refused_before_it_is_read(
    tmp_path: Path, make: object, told: str
) -> None:
    path = tmp_path / "mine.csv"
    assert callable(make)
    make(path)
    with pytest.raises(FileForeign, match=told):
        read_predictions(path)


def test_a_parquet_that_promises_more_rows_is_refused_before_it_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mine.parquet"
    one_value = pa.array(np.zeros(21_000_000, dtype=np.int8))
    pq.write_table(pa.table({"id": one_value, "prediction": one_value}), path)
    with pytest.raises(FileForeign, match=r"21,000,000 rows in [\d,]+ bytes"):
        read_predictions(path)


def test_a_text_that_stands_once_and_is_named_by_every_row_is_measured_before_it_is_read(
    tmp_path: Path,
) -> None:
    """Two megabytes of a file, and 6 GB in memory."""
    path = tmp_path / "mine.parquet"
    ids = pa.DictionaryArray.from_arrays(np.zeros(3_000, dtype=np.int32), ["x" * 2_000_000])
    pq.write_table(pa.table({"id": ids, "prediction": np.full(3_000, 0.5)}), path)
    assert path.stat().st_size < 3_000_000
    for read in (read_predictions, check_parquet):
        with pytest.raises(FileForeign, match="texts of more than 2,000,000,000 bytes"):
            read(path)


def test_ids_and_eras_of_an_ordinary_file_are_no_such_texts(tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    count = 60_000
    columns = {
        "id": [f"n{number:015x}" for number in range(count)],
        "era": [f"{number // 100:04d}" for number in range(count)],
        "prediction": np.linspace(0.1, 0.9, count),
    }
    pq.write_table(pa.table(columns), path)
    assert len(read_predictions(path).ids) == count
    check_parquet(path)


def test_a_file_with_the_line_ends_of_an_old_machine_is_no_single_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    rows = b"".join(b"n%07d,0.5\r" % number for number in range(160_000))
    path.write_bytes(b"id,prediction\r" + rows)
    assert path.stat().st_size > MOST_HEADER_BYTES
    assert len(read_predictions(path).ids) == 160_000
