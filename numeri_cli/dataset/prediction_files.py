"""Prediction files: the one reader, the one writer, and columns joined to data by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from numeri_cli.dataset.file_kinds import HEAD_BYTES, table_kind
from numeri_cli.dataset.parquet import STORED_INDEX, DataFile, float_column
from numeri_cli.dataset.prediction_bounds import require_bounded_csv, require_bounded_parquet
from numeri_cli.errors import (
    FileDamaged,
    FileForeign,
    FileMissing,
    PredictionsHeaders,
    PredictionsIds,
    PredictionsValues,
)
from numeri_cli.files import atomic_path, disk_error, disk_errors
from numeri_cli.tournaments import CLASSIC

FloatArray = npt.NDArray[np.float64]
RULES = CLASSIC.predictions
SUFFIXES = (".csv", ".parquet")
UNNAMED = ""  # the header that pandas writes into a CSV for an index without a name
ID_COLUMNS = (RULES.id_column, STORED_INDEX, UNNAMED)  # the first that is there holds the ids
_LAYOUT = "a prediction file has columns id and prediction"


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


def read_table(path: Path, *, columns: Sequence[str] | None = None) -> pa.Table:
    """The columns of a table, CSV or parquet by its content, in the file's order and names.

    Text in a CSV's ids stays text, an empty one is null. Ids that pandas stored as the index come
    first.
    columns: only those of them that the file has; None for all
    Raises FileMissing, FileForeign (another kind of file, or larger than any), FileDamaged,
    PredictionsHeaders (one of the columns stands there twice), PathForbidden, DiskTrouble.
    """
    if not path.is_file():
        raise FileMissing(f"{path} does not exist", hint="name a prediction file, or a model")
    with disk_errors(path), path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip():
        raise FileDamaged(f"{path} is empty", hint=_LAYOUT)
    kind = table_kind(path, head)
    try:
        table = _of_parquet(path, columns) if kind == "parquet" else _of_csv(path, columns)
    except (pa.ArrowException, OSError, ValueError, LookupError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise disk_error(error, path) from error
        whole = "whole parquet" if kind == "parquet" else "CSV"
        raise FileDamaged(f"{path} is no {whole} file", hint=_LAYOUT) from error
    return table


def _of_csv(path: Path, columns: Sequence[str] | None) -> pa.Table:
    require_bounded_csv(path)
    texts = {name: pa.string() for name in (RULES.id_column, UNNAMED)}
    options = pa_csv.ConvertOptions(column_types=texts, strings_can_be_null=True)
    table = pa_csv.read_csv(path, convert_options=options)
    return table.select(_chosen(path, table.column_names, columns))


def _of_parquet(path: Path, columns: Sequence[str] | None) -> pa.Table:
    with pq.ParquetFile(path) as file:
        require_bounded_parquet(path, file.metadata)
        names, stored = list(file.schema_arrow.names), file.schema_arrow.pandas_metadata
        if isinstance(stored, dict) and stored.get("index_columns") == [RULES.id_column]:
            names.remove(RULES.id_column)
            names.insert(0, RULES.id_column)
        chosen = [names[place] for place in _chosen(path, names, columns)]
        return file.read(columns=chosen).select(chosen)


def _chosen(path: Path, names: Sequence[str], columns: Sequence[str] | None) -> list[int]:
    """Where the columns stand that are asked for. Raises PredictionsHeaders for one twice."""
    for name in names if columns is None else columns:
        if names.count(name) > 1:
            raise PredictionsHeaders(
                f"{path} has the column {name or 'without a name'} {names.count(name)} times",
                hint="write each column once: which of them is meant cannot be known",
            )
    return [place for place, name in enumerate(names) if columns is None or name in columns]


def read_predictions(path: Path, *, name: str | None = None) -> IdColumn:
    """Read a prediction file, CSV or parquet: `id` and `prediction` (or `probability`).

    Ids may stand in an index that pandas wrote without a name, too.
    name: how to call it; the file's own name without suffix otherwise
    Raises FileMissing, FileForeign (another kind of file), FileDamaged, PredictionsHeaders,
    PredictionsIds (no row, a row without an id, an id twice), PredictionsValues (text among the
    numbers), PathForbidden, DiskTrouble.
    """
    table = read_table(path, columns=(*ID_COLUMNS, *RULES.value_columns))
    ids = [column for column in ID_COLUMNS if column in table.column_names]
    values = [column for column in RULES.value_columns if column in table.column_names]
    if not ids or not values:
        raise _headers(path)
    return id_column(name or path.stem, table.select([ids[0], values[0]]), source=path)


def _headers(path: Path) -> PredictionsHeaders:
    """The error for a table without ids or without predictions."""
    names = read_table(path).column_names
    shown = ", ".join(names[:6]) or "none"
    is_one = len(names) == 1 and any(sign in names[0] for sign in ";\t|")
    return PredictionsHeaders(
        f"{path} lacks the columns id and prediction; it has {shown}",
        hint="separate the fields with commas" if is_one else "write exactly these two columns",
    )


def read_id_column(path: Path, column: str) -> IdColumn:
    """One column of a parquet file by its ids, such as `numerai_meta_model`.

    Raises FileMissing, FileDamaged, FileForeign (no such column).
    """
    file = DataFile.open(path)
    return id_column(column, file.read([file.id_column, column]), source=path)


def id_column(name: str, table: pa.Table, *, source: Path | str) -> IdColumn:
    """The ids and values of a table whose first column holds ids and whose second holds numbers.

    source: where they stand, for what is said
    Raises PredictionsIds (no row, a row without an id, an id twice), PredictionsValues.
    """
    try:
        values = float_column(table, table.column_names[1])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise PredictionsValues(
            f"{source} has values in {table.column_names[1]} that are no numbers",
            hint="write plain decimal numbers",
        ) from error
    try:
        ids = table.column(0).cast(pa.string()).combine_chunks()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise PredictionsIds(
            f"{source} has {table.column(0).type} in {table.column_names[0]} instead of ids",
            hint="write the ids of the data as texts",
        ) from error
    if not len(ids):
        raise PredictionsIds(
            f"{source} has no rows, only the names of its columns", hint="write a row for each id"
        )
    if ids.null_count:
        raise PredictionsIds(
            f"{source} has {ids.null_count:,} rows without an id", hint="each row needs its id"
        )
    twice = len(ids) - pc.count_distinct(ids, mode="all").as_py()
    if twice:
        raise PredictionsIds(
            f"{source} has {twice:,} ids twice", hint="each id may stand there once"
        )
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
    if path.suffix.lower() not in SUFFIXES:
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
    with atomic_path(output, mode=0o600) as temporary:  # the owner's work: nobody else reads it
        if output.suffix.lower() == ".parquet":
            file = pq.ParquetWriter(temporary, schema)
        else:
            plain = pa_csv.WriteOptions(quoting_style="none")
            file = pa_csv.CSVWriter(temporary, schema, write_options=plain)
        with file:
            yield PredictionWriter(file, schema)
