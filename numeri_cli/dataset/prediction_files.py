"""Columns of one number per id, from prediction, meta model and benchmark files, and their join."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from numeri_cli.dataset.eras import era_number
from numeri_cli.dataset.parquet import (
    DataFile,
    RowEras,
    float_column,
)
from numeri_cli.errors import (
    FileDamaged,
    FileMissing,
    PredictionsHeaders,
    PredictionsIds,
    PredictionsValues,
)
from numeri_cli.files import disk_errors

FloatArray = npt.NDArray[np.float64]
PREDICTION_NAMES = ("prediction", "probability")


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


@dataclass(frozen=True, eq=False)
class EraRows:
    """One era of a data file: where its rows stand, in the order in which `table` has them."""

    name: str
    rows: npt.NDArray[np.int64]
    table: pa.Table


def read_predictions(path: Path, *, name: str | None = None) -> IdColumn:
    """Read a prediction file, CSV or parquet: `id` and `prediction` (or `probability`).

    name: how to call it; the file's own name without suffix otherwise
    Raises FileMissing, FileDamaged, PredictionsHeaders, PredictionsIds (an id twice),
    PredictionsValues (text among the numbers).
    """
    name = name or path.stem
    if path.suffix == ".parquet":
        file = DataFile.open(path)
        return _id_column(name, path, file.read([file.id_column, _prediction_name(path, file)]))
    if not path.is_file():
        raise FileMissing(f"{path} does not exist", hint="name a prediction file, or a model")
    return _id_column(name, path, _read_csv(path))


def read_id_column(path: Path, column: str) -> IdColumn:
    """One column of a parquet file by its ids, such as `numerai_meta_model`.

    Raises FileMissing, FileDamaged, FileForeign (no such column).
    """
    file = DataFile.open(path)
    return _id_column(column, path, file.read([file.id_column, column]))


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


def eras_with_rows(
    data: DataFile, columns: Sequence[str], *, eras: Sequence[str] | None, row_eras: RowEras
) -> Iterator[EraRows]:
    """Era after era with these columns and the positions of its rows, in bounded memory."""
    order = np.argsort(row_eras.codes, kind="stable")
    bounds = np.searchsorted(row_eras.codes[order], np.arange(len(row_eras.names) + 1))
    place = {name: code for code, name in enumerate(row_eras.names)}
    for name, table in data.by_era(columns, eras=eras):
        code = place[name]
        yield EraRows(name, order[bounds[code] : bounds[code + 1]], table)


def chosen_eras(names: Sequence[str], wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The wanted eras of these, in order of time; `wanted` may hold ranges such as "0575-0600".

    Raises UsageProblem where a word means no era that is there.
    """
    from numeri_cli.errors import UsageProblem

    ordered = sorted(names, key=lambda name: (era_number(name), name))
    if not wanted:
        return tuple(ordered)
    chosen: set[str] = set()
    for word in wanted:
        first, dash, last = word.partition("-")
        low, high = era_number(first.strip()), era_number((last if dash else first).strip())
        met = [name for name in ordered if name == word or low <= era_number(name) <= high]
        if not met:
            span = f"its eras are {ordered[0]} to {ordered[-1]}" if ordered else "it has no eras"
            raise UsageProblem(f"the data has no era {word!r}", hint=span)
        chosen.update(met)
    return tuple(name for name in ordered if name in chosen)


def feature_matrix(table: pa.Table, features: Sequence[str]) -> npt.NDArray[Any]:
    """(rows, n_features) in C order: int8 where every column is whole, else float32 with NaN."""
    columns = [table.column(name) for name in features]
    whole = all(pa.types.is_int8(column.type) and not column.null_count for column in columns)
    kind: type[np.generic] = np.int8 if whole else np.float32
    stacked = np.empty((len(columns), table.num_rows), dtype=kind)
    for place, column in enumerate(columns):
        if column.null_count:
            column = pc.fill_null(column.cast(pa.float32()), np.nan)  # noqa: PLW2901 - its values
        stacked[place] = column.to_numpy()
    return np.ascontiguousarray(stacked.T)


def _prediction_name(path: Path, file: DataFile) -> str:
    for name in PREDICTION_NAMES:
        if name in file.columns:
            return name
    raise _headers(path, file.columns)


def _read_csv(path: Path) -> pa.Table:
    text = pa_csv.ConvertOptions(column_types={"id": pa.string()}, strings_can_be_null=False)
    try:
        with disk_errors(path):
            table = pa_csv.read_csv(path, convert_options=text)
    except pa.ArrowInvalid as error:
        raise FileDamaged(
            f"{path} is no CSV file", hint="a prediction file has columns id and prediction"
        ) from error
    for name in PREDICTION_NAMES:
        if name in table.column_names and "id" in table.column_names:
            return table.select(["id", name])
    raise _headers(path, table.column_names)


def _headers(path: Path, names: Sequence[str]) -> PredictionsHeaders:
    shown = ", ".join(list(names)[:6]) or "none"
    return PredictionsHeaders(
        f"{path} lacks the columns id and prediction; it has {shown}",
        hint="write exactly these two columns",
    )


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
