"""Rows by era out of a parquet file, in bounded memory whatever its row groups and its order."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from numeri_cli.dataset.parquet import (
    DataFile,
    RowEras,
    parquet_errors,
    plain_table,
)
from numeri_cli.errors import FileForeign
from numeri_cli.files import disk_errors

GROUP_BYTES = 128 * 2**20
BLOCK_COLUMNS = 32


@dataclass(frozen=True)
class _Piece:
    """Rows of one era that lie together in what was read."""

    era: int
    table: pa.Table


@dataclass(frozen=True, eq=False)
class EraTable:
    """One era of a data file: where its rows stand, in the order in which `table` has them."""

    name: str
    rows: npt.NDArray[np.int64]
    table: pa.Table


def tables_by_era(
    data: DataFile,
    columns: Sequence[str],
    *,
    eras: Sequence[str] | None = None,
    group_bytes: int = GROUP_BYTES,
) -> Iterator[tuple[str, pa.Table]]:
    """Era after era, each whole, in the order in which the file first has them.

    eras: only these; None for all
    group_bytes: larger row groups, and files whose eras are scattered, go through a temporary file
    """
    data.require(columns)
    row_eras = data.eras()
    asked = set(row_eras.names if eras is None else eras)
    wanted = np.array([name in asked for name in row_eras.names], dtype=np.bool_)
    names = tuple(columns)
    if row_eras.contiguous:
        pieces = _in_order(data, names, eras=row_eras, wanted=wanted, group_bytes=group_bytes)
    else:
        pieces = _sorted(data, names, eras=row_eras, wanted=wanted)
    for code, group in groupby(pieces, key=lambda piece: piece.era):
        yield row_eras.names[code], pa.concat_tables([piece.table for piece in group])


def eras_with_rows(
    data: DataFile, columns: Sequence[str], *, eras: Sequence[str] | None, row_eras: RowEras
) -> Iterator[EraTable]:
    """Era after era with these columns and the positions of its rows, in bounded memory."""
    order = np.argsort(row_eras.codes, kind="stable")
    bounds = np.searchsorted(row_eras.codes[order], np.arange(len(row_eras.names) + 1))
    place = {name: code for code, name in enumerate(row_eras.names)}
    for name, table in tables_by_era(data, columns, eras=eras):
        code = place[name]
        yield EraTable(name, order[bounds[code] : bounds[code + 1]], table)


def _in_order(
    data: DataFile,
    columns: tuple[str, ...],
    *,
    eras: RowEras,
    wanted: npt.NDArray[np.bool_],
    group_bytes: int,
) -> Iterator[_Piece]:
    """Row group after row group, each staged on disk where it is large."""
    start = 0
    row_bytes = sum(_width(data.schema.field(name).type) for name in columns)
    with parquet_errors(data.path), pq.ParquetFile(data.path) as file:
        for group, rows in enumerate(data.group_rows):
            codes = eras.codes[start : start + rows]
            bounds = [(begin, end) for begin, end in _bounds(codes) if wanted[codes[begin]]]
            start += rows
            if not bounds:
                continue
            if rows * row_bytes <= group_bytes:
                table = plain_table(file, [group], columns)
                for begin, end in bounds:
                    yield _Piece(int(codes[begin]), table.slice(begin, end - begin))
                del table
            else:
                yield from _staged(
                    data,
                    file,
                    groups=[group],
                    columns=columns,
                    bounds=bounds,
                    codes=codes,
                    order=None,
                )
            pa.default_memory_pool().release_unused()


def _sorted(
    data: DataFile, columns: tuple[str, ...], *, eras: RowEras, wanted: npt.NDArray[np.bool_]
) -> Iterator[_Piece]:
    """The whole file staged on disk in the order of its eras."""
    order = np.argsort(eras.codes, kind="stable")
    order = order[wanted[eras.codes[order]]] if len(order) else order
    codes = eras.codes[order]
    groups = list(range(len(data.group_rows)))
    with parquet_errors(data.path), pq.ParquetFile(data.path) as file:
        yield from _staged(
            data,
            file,
            groups=groups,
            columns=columns,
            bounds=_bounds(codes),
            codes=codes,
            order=order,
        )


def _staged(
    data: DataFile,
    file: pq.ParquetFile,
    *,
    groups: Sequence[int],
    columns: tuple[str, ...],
    bounds: Sequence[tuple[int, int]],
    codes: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64] | None,
) -> Iterator[_Piece]:
    """Columns in blocks → a temporary file with one stretch per era → tables."""
    schema = file.schema_arrow
    staged = [name for name in columns if _is_staged(schema.field(name).type)]
    held = [name for name in columns if name not in set(staged)]
    others = _ordered(plain_table(file, groups, held), order) if held else None
    layout = _Layout.of([schema.field(name).type for name in staged], bounds)
    # Beside the data where that may be: a system's temporary folder is often kept in memory.
    beside = data.path.parent
    folder = beside if os.access(beside, os.W_OK) else Path(tempfile.gettempdir())
    with disk_errors(folder), tempfile.TemporaryFile(prefix=".numeri-", dir=folder) as stage:
        for first in range(0, len(staged), BLOCK_COLUMNS):
            names = staged[first : first + BLOCK_COLUMNS]
            table = _ordered(plain_table(file, groups, names), order)
            for offset, name in enumerate(names):
                layout.write(stage, first + offset, table.column(name))
            del table
            pa.default_memory_pool().release_unused()
        for stretch, (begin, end) in enumerate(bounds):
            arrays = dict(zip(staged, layout.read(stage, stretch), strict=True))
            for name in held:
                assert others is not None  # noqa: S101 - held columns were read above
                arrays[name] = others.column(name).slice(begin, end - begin)
            yield _Piece(int(codes[begin]), pa.table({name: arrays[name] for name in columns}))


@dataclass(frozen=True)
class _Layout:
    """Where the staged file has what: era by era, within it column by column."""

    dtypes: tuple[np.dtype[np.generic], ...]
    offsets: tuple[int, ...]  # bytes of a row before each column, and of the whole row
    bounds: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, types: Sequence[pa.DataType], bounds: Sequence[tuple[int, int]]) -> _Layout:
        dtypes = tuple(np.dtype(kind.to_pandas_dtype()) for kind in types)
        offsets = accumulate((dtype.itemsize for dtype in dtypes), initial=0)
        return cls(dtypes, tuple(offsets), tuple(bounds))

    def _place(self, stretch: int, column: int) -> int:
        begin, end = self.bounds[stretch]
        return begin * self.offsets[-1] + (end - begin) * self.offsets[column]

    def write(self, stage: IO[bytes], column: int, values: pa.ChunkedArray) -> None:
        dtype = self.dtypes[column]
        if values.null_count:
            if dtype.kind != "f":
                raise FileForeign(
                    "a column of whole numbers has empty cells", hint="download the file again"
                )
            values = values.fill_null(np.nan)
        array = np.ascontiguousarray(values.to_numpy(), dtype=dtype)
        for stretch, (begin, end) in enumerate(self.bounds):
            stage.seek(self._place(stretch, column))
            stage.write(array[begin:end].data)

    def read(self, stage: IO[bytes], stretch: int) -> list[pa.Array]:
        begin, end = self.bounds[stretch]
        stage.flush()
        stage.seek(self._place(stretch, 0))
        content = stage.read((end - begin) * self.offsets[-1])
        arrays = []
        start = 0
        for dtype in self.dtypes:
            values = np.frombuffer(content, dtype=dtype, count=end - begin, offset=start)
            arrays.append(pa.array(values))
            start += values.nbytes
        return arrays


def _ordered(table: pa.Table, order: npt.NDArray[np.int64] | None) -> pa.Table:
    return table if order is None else table.take(pa.array(order))


def _is_staged(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _width(kind: pa.DataType) -> int:
    """Bytes of one value; a guess for text."""
    return kind.bit_width // 8 if _is_staged(kind) else 24


def _bounds(codes: npt.NDArray[np.int32]) -> list[tuple[int, int]]:
    """Begin and end of each run of equal codes."""
    if not len(codes):
        return []
    changes = np.flatnonzero(np.diff(codes)) + 1
    starts = [0, *changes.tolist()]
    return list(zip(starts, [*changes.tolist(), len(codes)], strict=True))
