"""Data files of Numerai's shape for the benchmarks: made once, kept in the temporary folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_ERA = 4_800
DISTINCT_COLUMNS = 97
TARGET = "target_ender_20"
SOME_NAN_TARGET = "target_jasper_20"


def feature_names(features: int) -> tuple[str, ...]:
    """As wide as wanted."""
    return tuple(f"feature_{number:04d}" for number in range(features))


def wide_file(rows: int, features: int, group_rows: int) -> Path:
    """A parquet file of so many rows and int8 features 0–4 in row groups of so many rows.

    One target is whole, in the other 3 % are NaN. Row group after row group is made and written,
    so that the size does not matter. NUMERI_BENCHMARK_DATA names another folder to keep it in.
    """
    folder = Path(os.environ.get("NUMERI_BENCHMARK_DATA", tempfile.gettempdir()))
    path = folder / f"numeri-benchmark-{rows}x{features}-{group_rows}.parquet"
    if path.exists():
        return path
    part = path.with_suffix(".part")
    names = feature_names(features)
    writer: pq.ParquetWriter | None = None
    for start in range(0, rows, group_rows):
        table = _group(start, min(start + group_rows, rows), names)
        writer = writer or pq.ParquetWriter(part, table.schema)
        writer.write_table(table, row_group_size=group_rows)
    if writer:
        writer.close()
    part.rename(path)
    return path


def _group(start: int, stop: int, names: tuple[str, ...]) -> pa.Table:
    """One row group: random features, drawn per column; a target that some of them move."""
    count = stop - start
    rng = np.random.default_rng([7, start])
    signal = rng.normal(size=count).astype(np.float32)
    features: dict[str, np.ndarray] = {}
    for number, name in enumerate(names):
        values = rng.integers(0, 5, count, dtype=np.int8)
        features[name] = values
        if number % DISTINCT_COLUMNS == 0:
            signal += np.float32(0.05) * (values - np.float32(2))
    bins = np.searchsorted([-1.65, -0.68, 0.68, 1.65], signal).astype(np.float32) / 4
    holey = np.where(rng.random(count) < 0.03, np.float32(np.nan), bins)
    rows = np.arange(start, stop)
    return pa.table(
        {
            "id": [f"n{row:015x}" for row in rows],
            "era": [f"{1 + row // ROWS_PER_ERA:04d}" for row in rows],
            **features,
            TARGET: bins,
            SOME_NAN_TARGET: holey,
        }
    )
