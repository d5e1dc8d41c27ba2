"""One parquet file of a data version: columns by block, rows by era, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from numeri_cli.dataset.parquet_check import require_plausible, require_usual_columns
from numeri_cli.errors import FileDamaged, FileForeign, FileMissing, nearest
from numeri_cli.files import disk_error

STORED_INDEX = "__index_level_0__"

Rows = slice | npt.NDArray[np.bool_] | None


@dataclass(frozen=True)
class RowEras:
    """The era of every row.

    names: the eras in the order in which the file has them
    codes: (rows,) int32, positions in `names`
    """

    names: tuple[str, ...]
    codes: npt.NDArray[np.int32]

    @cached_property
    def contiguous(self) -> bool:
        """Whether the rows of each era lie together."""
        changes = int(np.count_nonzero(np.diff(self.codes)))
        return changes == len(self.names) - 1 if len(self.names) else True

    def mask(self, eras: Sequence[str]) -> npt.NDArray[np.bool_]:
        """(rows,) whether the row belongs to one of these eras; unknown names match nothing."""
        wanted = set(eras)
        chosen = np.array([name in wanted for name in self.names], dtype=np.bool_)
        return chosen[self.codes] if len(chosen) else np.zeros(0, dtype=np.bool_)

    def counts(self) -> dict[str, int]:
        """Era → its number of rows."""
        numbers = np.bincount(self.codes, minlength=len(self.names))
        return dict(zip(self.names, numbers.tolist(), strict=True))


@dataclass(frozen=True)
class DataFile:
    """A parquet file with one row per stock and era; opening it reads only its end."""

    path: Path
    schema: pa.Schema
    group_rows: tuple[int, ...]  # rows of each row group

    @classmethod
    def open(cls, path: Path) -> DataFile:
        """Look at a file's columns.

        Raises FileMissing, FileDamaged (no whole parquet file), FileForeign (no `id`, lists or
        texts where there should be numbers, or a column that stands there twice: which of them is
        meant cannot be known).
        """
        if not path.is_file():
            raise FileMissing(f"{path} does not exist", hint="`numeri download` brings it")
        with parquet_errors(path), pq.ParquetFile(path) as file:
            require_plausible(file.metadata, path)
            groups = range(file.metadata.num_row_groups)
            sizes = tuple(file.metadata.row_group(group).num_rows for group in groups)
            opened = cls(path, file.schema_arrow.remove_metadata(), sizes)
        if opened.id_column not in opened.columns:
            raise FileForeign(f"{path} has no column `id`", hint="is it a file of the tournament?")
        twice = next((name for name, n in Counter(opened.columns).items() if n > 1), None)
        if twice is not None:
            raise FileForeign(
                f"{path} has the column {twice[:60]!r} more than once",
                hint="write each column once, or download the file again",
            )
        require_usual_columns(opened.schema, path)
        return opened

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(self.group_rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, a stored pandas index included."""
        return tuple(self.schema.names)

    @property
    def features(self) -> tuple[str, ...]:
        """The columns `feature_*`, in the file's order."""
        return tuple(name for name in self.columns if name.startswith("feature_"))

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns `target*`, the bare alias included."""
        return tuple(name for name in self.columns if name.startswith("target"))

    @property
    def id_column(self) -> str:
        """The column that holds the ids: `id`, or the index that pandas stored."""
        return STORED_INDEX if STORED_INDEX in self.columns and "id" not in self.columns else "id"

    def eras(self) -> RowEras:
        """The era of every row. Raises FileForeign where the file has no `era`."""
        codes = np.empty(self.rows, dtype=np.int32)
        known: dict[str, int] = {}
        start = 0
        for table in self.groups(["era"], as_dictionary=True):
            for chunk in table.column(0).chunks:
                indices, names = self._listed(chunk)
                if len(indices) and not 0 <= indices.min() <= indices.max() < max(len(names), 1):
                    raise _damaged(self.path)  # Arrow believes the pages
                places = np.zeros(len(names), dtype=np.int32)
                for place in _in_order_of_rows(indices, len(names)):  # of a name no row has, none
                    places[place] = known.setdefault(names[place], len(known))
                codes[start : start + len(chunk)] = places[indices] if len(names) else 0
                start += len(chunk)
        return RowEras(tuple(known), codes)

    def _listed(self, chunk: pa.Array) -> tuple[npt.NDArray[Any], list[str]]:
        """(rows,) places of texts in a list of them, and the list. Raises FileForeign for none."""
        with parquet_errors(self.path):
            is_listed = pa.types.is_dictionary(chunk.type)
            column = chunk if is_listed else chunk.cast(pa.string()).dictionary_encode()
            names = column.dictionary.cast(pa.string()).to_pylist()
        if column.null_count:
            raise FileForeign(f"{self.path} has rows without an era", hint="download it again")
        return column.indices.to_numpy(zero_copy_only=False), names

    def is_live(self) -> bool:
        """Whether the rows are a round's live ones, whatever the file is called.

        Their `data_type` says so; where there is none, it is one era without any known target.
        """
        if "data_type" in self.columns:
            tables = self.groups(["data_type"])
            kinds = (pc.unique(self._texts(table)).to_pylist() for table in tables)
            return self.rows > 0 and all(kind == ["live"] for kind in kinds)
        if len(self.eras().names) != 1:
            return False
        return not any(self._has_values(name) for name in self.targets)

    def _has_values(self, column: str) -> bool:
        """Whether a number stands in any row of a column."""
        return any(
            bool(np.isfinite(float_column(table, column)).any()) for table in self.groups([column])
        )

    def ids(self, rows: Rows = None) -> npt.NDArray[np.object_]:
        """(rows,) the ids, as Python strings."""
        column = self._texts(self.read([self.id_column], rows=rows))
        return np.asarray(column.to_numpy(), dtype=object)

    def _texts(self, table: pa.Table) -> pa.ChunkedArray:
        """The first column as texts. Raises FileDamaged for bytes that are none."""
        with parquet_errors(self.path):
            return table.column(0).cast(pa.string())

    def read(self, columns: Sequence[str], *, rows: Rows = None) -> pa.Table:
        """Some columns of all rows, of a slice, or of those where a mask is true.

        One row group of these columns is in memory beside the result.
        Raises FileForeign naming absent columns, FileDamaged.
        """
        parts = []
        start = 0
        for table in self.groups(columns):
            stop = start + table.num_rows
            if rows is None:
                parts.append(table)
            elif isinstance(rows, slice):
                first, last, step = rows.indices(self.rows)
                if step != 1:
                    raise ValueError("rows of a file are read one after the other")
                begin, end = max(first, start), min(last, stop)
                if begin < end:
                    parts.append(table.slice(begin - start, end - begin))
            else:
                parts.append(table.filter(pa.array(rows[start:stop])))
            start = stop
        return pa.concat_tables(parts) if parts else self._empty(columns)

    def groups(self, columns: Sequence[str], *, as_dictionary: bool = False) -> Iterator[pa.Table]:
        """The row groups one after the other, these columns in this order.

        as_dictionary: texts as places in a list of them, as files have them where few differ
        """
        self.require(columns)
        texts = list(columns) if as_dictionary else None
        with (
            parquet_errors(self.path),
            pq.ParquetFile(self.path, read_dictionary=texts) as file,
        ):
            for group in range(file.metadata.num_row_groups):
                yield plain_table(file, [group], columns)

    def require(self, columns: Sequence[str]) -> None:
        """Raise FileForeign, with the names, where the file lacks one of these columns."""
        known = set(self.columns)
        absent = [name for name in columns if name not in known]
        if not absent:
            return
        match = nearest(absent[0], known)
        shown = ", ".join(absent[:5]) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")
        raise FileForeign(
            f"{self.path} lacks {shown}",
            hint=f"its nearest column is {match}" if match else "is it of the right data version?",
        )

    def _empty(self, columns: Sequence[str]) -> pa.Table:
        return pa.schema([self.schema.field(name) for name in columns]).empty_table()


def _in_order_of_rows(indices: npt.NDArray[Any], count: int) -> list[int]:
    """Those places of a list of `count` texts that a row names, by the first row that does."""
    first = np.full(count, len(indices))
    first[indices[::-1]] = np.arange(len(indices) - 1, -1, -1)
    used = np.flatnonzero(first < len(indices))
    return [int(place) for place in used[np.argsort(first[used])]]


def plain_table(file: pq.ParquetFile, groups: Sequence[int], columns: Sequence[str]) -> pa.Table:
    """Row groups of a file: these columns in this order, without pandas' own notes."""
    names = list(columns)
    table = file.read_row_groups(list(groups), columns=names)
    return table.select(names).replace_schema_metadata()


def as_floats(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """A numeric column as floats; of a whole number that they cannot hold, the nearest one."""
    return column.cast(kind, safe=False)


def float_column(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    """(rows,) a numeric column as float64, nulls as NaN."""
    column = as_floats(table.column(name), pa.float64())
    if column.null_count:
        column = pc.fill_null(column, np.nan)
    return np.array(column.to_numpy(), dtype=np.float64)


def feature_matrix(table: pa.Table, features: Sequence[str]) -> npt.NDArray[Any]:
    """(rows, n_features) in C order: int8 where every column is whole, else float32 with NaN."""
    columns = [table.column(name) for name in features]
    whole = all(pa.types.is_int8(column.type) and not column.null_count for column in columns)
    kind: type[np.generic] = np.int8 if whole else np.float32
    stacked = np.empty((len(columns), table.num_rows), dtype=kind)
    for place, column in enumerate(columns):
        if column.null_count:
            column = as_floats(column, pa.float32()).fill_null(np.nan)  # noqa: PLW2901 - its values
        stacked[place] = column.to_numpy()
    if not whole and np.isinf(stacked).any():  # in which least squares look for ever
        name = features[int(np.flatnonzero(np.isinf(stacked).any(axis=1))[0])]
        raise FileForeign(f"{name} holds an infinite number", hint="download the file again")
    return np.ascontiguousarray(stacked.T)


@contextmanager
def parquet_errors(path: Path) -> Iterator[None]:
    """Turn what pyarrow says about a broken file into FileDamaged."""
    try:
        yield
    except (
        pa.ArrowInvalid,
        pa.ArrowNotImplementedError,
        pa.ArrowKeyError,
        UnicodeDecodeError,
    ) as error:
        raise _damaged(path) from error
    except OSError as error:
        if error.errno is None:
            raise _damaged(path) from error
        raise disk_error(error, path) from error


def _damaged(path: Path) -> FileDamaged:
    return FileDamaged(
        f"{path} is no whole parquet file",
        hint=f"`numeri download --force {path.name}` brings it again, if it came from there",
    )
