"""Feature columns of chosen rows: blocks of them as a table, or all as a float32 matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from numeri_cli.dataset.parquet import as_floats, parquet_errors, plain_table
from numeri_cli.learning.rows import Rows
from numeri_cli.progress import SILENT, Listener

BLOCK_COLUMNS = 64
MISSING_TWO = 2  # the middle of bins from 0 to 4
_MISSING_HALF = 0.5  # the middle of shares from 0 to 1, as older files have them
FloatMatrix = npt.NDArray[np.float32]


def column_values(column: pa.ChunkedArray) -> npt.NDArray[np.float32]:
    """(rows,) a feature as float32, absent values as NaN; exact for today's and old files."""
    if column.null_count:
        column = as_floats(column, pa.float32()).fill_null(np.nan)
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


def column_arrays(
    rows: Rows,
    features: Sequence[str],
    *,
    missing_twos: str,
    listener: Listener = SILENT,
) -> dict[str, npt.NDArray[Any]]:
    """Feature → (rows.count,) its values: bytes where it is of bytes and none is missing.

    Any other feature is float32, absent values as NaN. They are read in blocks of columns.
    """
    found: dict[str, npt.NDArray[Any]] = {}
    codes = rows.codes
    with (
        column_blocks(rows, features) as blocks,
        listener.task("reading", total=len(features), unit="columns") as task,
    ):
        for block in blocks:
            table = without_missing_twos(block, codes) if missing_twos == "nan" else block
            for name, column in zip(table.column_names, table.columns, strict=True):
                is_bytes = pa.types.is_int8(column.type) and not column.null_count
                found[name] = np.array(column.to_numpy() if is_bytes else column_values(column))
            task.advance(table.num_columns)
            del block, table, column
            pa.default_memory_pool().release_unused()
    return found


@contextmanager
def column_blocks(
    rows: Rows, features: Sequence[str], *, size: int = BLOCK_COLUMNS
) -> Iterator[Iterator[pa.Table]]:
    """Blocks of columns of the chosen rows, in the features' order; the files stay open."""
    for source in rows.sources:
        source.data.require(features)
    with ExitStack() as stack:
        files = []
        for source in rows.sources:
            with parquet_errors(source.data.path):
                files.append(stack.enter_context(pq.ParquetFile(source.data.path)))
        yield (
            _read_block(rows, files, list(features[first : first + size]))
            for first in range(0, len(features), size)
        )


def _read_block(rows: Rows, files: Sequence[pq.ParquetFile], names: list[str]) -> pa.Table:
    parts = []
    for source, mask, file in zip(rows.sources, rows.masks, files, strict=True):
        start = 0
        for group, length in enumerate(source.data.group_rows):
            chosen = mask[start : start + length]
            start += length
            if not chosen.any():
                continue
            with parquet_errors(source.data.path):
                table = plain_table(file, [group], names)
            parts.append(table if chosen.all() else table.filter(pa.array(chosen)))
    return pa.concat_tables(parts, promote_options="permissive")


def without_missing_twos(table: pa.Table, codes: npt.NDArray[np.int32]) -> pa.Table:
    """The table with each column empty in the eras where it is the middle of its scale throughout.

    The middle is 2, and 0.5 where all are shares between 0 and 1.

    codes: (rows,) the era of every row
    """
    if not len(codes):
        return table
    starts = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1])
    run_eras = codes[starts]
    middle = _middle(table)
    columns = []
    for column in table.columns:
        values = column.to_numpy()
        runs = np.logical_and.reduceat(values == middle, starts)
        whole = np.ones(int(codes.max()) + 1, dtype=np.bool_)
        np.logical_and.at(whole, run_eras, runs)
        missing = whole[codes]
        columns.append(pa.array(values, mask=missing) if missing.any() else column)
    return pa.table(columns, names=table.column_names)


def _middle(table: pa.Table) -> float:
    """The middle of the scale that a table's columns are on."""
    if not all(pa.types.is_floating(column.type) for column in table.columns):
        return MISSING_TWO
    bounds = [pc.min_max(column).as_py() for column in table.columns]
    greatest = max((one["max"] for one in bounds if one["max"] is not None), default=MISSING_TWO)
    return MISSING_TWO if greatest > 1 else _MISSING_HALF
