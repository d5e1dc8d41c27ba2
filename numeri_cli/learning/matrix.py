"""Tables of feature columns → the float32 rows that estimators take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from numeri_cli.learning.estimators.lightgbm.binned import (
    column_blocks,
    without_missing_twos,
)
from numeri_cli.learning.rows import Rows
from numeri_cli.progress import SILENT, Listener

FloatMatrix = npt.NDArray[np.float32]


def column_values(column: pa.ChunkedArray) -> npt.NDArray[np.float32]:
    """(rows,) a feature as float32, absent values as NaN; exact for today's and old files."""
    if column.null_count:
        column = column.cast(pa.float32()).fill_null(np.nan)
    return np.asarray(column.to_numpy(), dtype=np.float32)


def float_rows(
    table: pa.Table, features: Sequence[str], *, start: int = 0, stop: int | None = None
) -> FloatMatrix:
    """(stop − start, features) float32, C order, columns in the order of `features`."""
    part = table.slice(start, None if stop is None else stop - start)
    columns = np.empty((len(features), part.num_rows), dtype=np.float32)
    for place, name in enumerate(features):
        columns[place] = column_values(part.column(name))
    return np.ascontiguousarray(columns.T)


def float_matrix(
    rows: Rows,
    features: Sequence[str],
    *,
    missing_twos: str,
    listener: Listener = SILENT,
) -> FloatMatrix:
    """(rows.count, features) float32, Fortran order, read in blocks of columns."""
    matrix = np.empty((rows.count, len(features)), dtype=np.float32, order="F")
    codes = rows.codes
    place = 0
    with (
        column_blocks(rows, features) as blocks,
        listener.task("reading", total=len(features), unit="columns") as task,
    ):
        for block in blocks:
            table = without_missing_twos(block, codes) if missing_twos == "nan" else block
            for column in table.columns:
                matrix[:, place] = column_values(column)
                place += 1
            task.advance(table.num_columns)
    return matrix
