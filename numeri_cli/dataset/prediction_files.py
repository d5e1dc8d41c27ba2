"""Prediction files: the one reader, the one writer, and columns joined to data by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from numeri_cli.dataset.parquet import STORED_INDEX, DataFile, float_column
from numeri_cli.errors import (
    FileDamaged,
    FileForeign,
    FileMissing,
    PredictionsHeaders,
    PredictionsIds,
    PredictionsValues,
)
from numeri_cli.files import atomic_path, disk_error
from numeri_cli.tournaments import CLASSIC, PredictionRules

FloatArray = npt.NDArray[np.float64]
RULES = CLASSIC.predictions
SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True, eq=False)
class IdColumn:
    """ids: (n,) strings, each once; values: (n,) float64, NaN where an id has none."""

    name: str
    ids: pa.Array
    values: FloatArray


@dataclass(frozen=True, eq=False)
class Join:
    """A column brought to the rows of a data file.

    values: (rows,) NaN where the column lacks the row's id
    matched: rows that have their id in the column; surplus: ids of the column that the data lacks
    """

    name: str
    values: FloatArray
    matched: int
    surplus: int


def read_table(
    path: Path,
    *,
    content: bytes | None = None,
    columns: Sequence[str] | None = None,
    rules: PredictionRules = RULES,
) -> pa.Table:
    """The columns of a prediction file, CSV or parquet, in the file's order and under its names.

    Text in a CSV's ids stays text, an empty one is null. Ids that pandas stored as the index come
    first.
    content: the file's bytes, where they were read already
    columns: those of them that a parquet file has; None for all
    Raises FileMissing, FileDamaged, PathForbidden, DiskTrouble.
    """
    if content is None and not path.is_file():
        raise FileMissing(f"{path} does not exist", hint="name a prediction file, or a model")
    source = path if content is None else BytesIO(content)
    try:
        if path.suffix != ".parquet":
            options = pa_csv.ConvertOptions(
                column_types={rules.id_column: pa.string()}, strings_can_be_null=True
            )
            return pa_csv.read_csv(source, convert_options=options)
        with pq.ParquetFile(source) as file:
            names, stored = file.schema_arrow.names, file.schema_arrow.pandas_metadata
            if isinstance(stored, dict) and stored.get("index_columns") == [rules.id_column]:
                names.remove(rules.id_column)
                names.insert(0, rules.id_column)
            if columns is not None:
                names = [name for name in names if name in columns]
            return file.read(columns=names).select(names)
    except (pa.ArrowException, OSError, ValueError, LookupError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise disk_error(error, path) from error
        kind = "whole parquet" if path.suffix == ".parquet" else "CSV"
        raise FileDamaged(
            f"{path} is no {kind} file", hint="a prediction file has columns id and prediction"
        ) from error


def read_predictions(path: Path, *, name: str | None = None) -> IdColumn:
    """Read a prediction file, CSV or parquet: `id` and `prediction` (or `probability`).

    name: how to call it; the file's own name without suffix otherwise
    Raises FileMissing, FileDamaged, PredictionsHeaders, PredictionsIds (an id twice),
    PredictionsValues (text among the numbers), PathForbidden, DiskTrouble.
    """
    table = read_table(path, columns=("id", STORED_INDEX, *RULES.value_columns))
    ids = [column for column in ("id", STORED_INDEX) if column in table.column_names]
    values = [column for column in RULES.value_columns if column in table.column_names]
    if not ids or not values:
        shown = ", ".join(read_table(path).column_names[:6]) or "none"
        raise PredictionsHeaders(
            f"{path} lacks the columns id and prediction; it has {shown}",
            hint="write exactly these two columns",
        )
    return _id_column(name or path.stem, path, table.select([ids[0], values[0]]))


def read_id_column(path: Path, column: str) -> IdColumn:
    """One column of a parquet file by its ids, such as `numerai_meta_model`.

    Raises FileMissing, FileDamaged, FileForeign (no such column).
    """
    file = DataFile.open(path)
    return _id_column(column, path, file.read([file.id_column, column]))


def _id_column(name: str, path: Path, table: pa.Table) -> IdColumn:
    try:
        values = float_column(table, table.column_names[1])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise PredictionsValues(
            f"{path} has values in {table.column_names[1]} that are no numbers",
            hint="write plain decimal numbers",
        ) from error
    ids = table.column(0).cast(pa.string()).combine_chunks()
    twice = len(ids) - pc.count_distinct(ids, mode="all").as_py()
    if twice:
        raise PredictionsIds(f"{path} has {twice:,} ids twice", hint="each id may stand there once")
    return IdColumn(name, ids, values)


def join(column: IdColumn, data_ids: pa.ChunkedArray | pa.Array) -> Join:
    """Bring a column to rows with these ids, in their order."""
    places = pc.index_in(data_ids, value_set=column.ids)
    if isinstance(places, pa.ChunkedArray):
        places = places.combine_chunks()
    positions = pc.fill_null(places, -1).to_numpy(zero_copy_only=False)
    values = np.append(column.values, np.nan)[positions]
    matched = int(np.count_nonzero(positions >= 0))
    met = int(np.count_nonzero(np.bincount(positions[positions >= 0], minlength=1)))
    return Join(column.name, values, matched, len(column.ids) - met)


def id_strings(data: DataFile) -> pa.ChunkedArray:
    """(rows,) the ids of a data file as Arrow strings: 20 bytes each."""
    return data.read([data.id_column]).column(0).cast(pa.string())


def require_suffix(path: Path) -> None:
    """Raise FileForeign where a prediction file of this name cannot be written."""
    if path.suffix not in SUFFIXES:
        raise FileForeign(
            f"predictions cannot be written as {path.suffix or 'a file without suffix'}",
            hint="name a .parquet or .csv file",
        )


@dataclass
class PredictionWriter:
    """Appends rows to a prediction file.

    rows: how many were written
    """

    _file: pq.ParquetWriter | pa_csv.CSVWriter
    _schema: pa.Schema
    rows: int = field(default=0)

    def write(self, ids: pa.ChunkedArray | pa.Array, values: FloatArray, *, era: str = "") -> None:
        """Append predictions.

        ids: (n,) strings; values: (n,) float64
        era: of all these rows, where the file has a column for it
        """
        columns = {"id": ids, "prediction": pa.array(values)}
        if "era" in self._schema.names:
            columns["era"] = pa.array([era] * len(values))
        self.append(pa.table({name: columns[name] for name in self._schema.names}))

    def append(self, table: pa.Table) -> None:
        """Append rows of another prediction file with the same columns."""
        self._file.write_table(table)
        self.rows += table.num_rows


@contextmanager
def prediction_writer(output: Path, *, with_era: bool = False) -> Iterator[PredictionWriter]:
    """Write a prediction file, whole or not at all.

    output: .parquet or .csv with columns `id`, `prediction`; with_era puts `era` between them
    Raises FileForeign for another suffix, DiskError.
    """
    require_suffix(output)
    schema = pa.schema({"id": pa.string(), "prediction": pa.float64()})
    if with_era:
        schema = schema.insert(1, pa.field("era", pa.string()))
    with atomic_path(output) as temporary:
        if output.suffix == ".parquet":
            file = pq.ParquetWriter(temporary, schema)
        else:
            plain = pa_csv.WriteOptions(quoting_style="none")
            file = pa_csv.CSVWriter(temporary, schema, write_options=plain)
        with file:
            yield PredictionWriter(file, schema)
