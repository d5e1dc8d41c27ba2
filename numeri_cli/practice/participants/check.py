"""What the service does with an uploaded prediction file before it believes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet

HEADERS = "invalid_submission_headers"
VALUES = "invalid_submission_values"
IDS = "invalid_submission_ids"
NO_FILE = f"{HEADERS}: no file was received under this name"
WRONG_HEADERS = f"{HEADERS}: columns must be exactly id and prediction"
WRONG_IDS = (
    f"{IDS}: You must provide predictions for the current live IDs. "
    "Make sure you are using the latest live data."
)
PREDICTION_NAMES = ("prediction", "probability")
# the official validator, numerai-tools 0.7.2, compares with numpy.isclose and its defaults
LOW_SLACK, HIGH_SLACK = 1e-8, 1e-8 + 1e-5
SUFFIXES = (".csv", ".parquet")

Predictions = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was found: error_info is None where the file is good.

    submitted_count: rows in the file; filtered_count: rows left after foreign ids were dropped
    """

    error_info: str | None
    submitted_count: int = 0
    filtered_count: int = 0


class Unfit(Exception):
    """A file that is no submission; its text is an errorInfo."""


def check(path: Path, live_ids: npt.NDArray[Any]) -> Verdict:
    """Judge the file at `path` against the ids of the round, (n,) of str."""
    try:
        ids, values = read_table(path)
    except Unfit as unfit:
        return Verdict(error_info=str(unfit))
    rows = _positions(ids, live_ids)
    kept = int((rows >= 0).sum())
    return Verdict(
        error_info=_fault(rows, values, size=len(live_ids)),
        submitted_count=len(ids),
        filtered_count=kept,
    )


def read_aligned(path: Path, live_ids: npt.NDArray[Any]) -> Predictions:
    """Predictions of an accepted file in the order of `live_ids`, (n,) float64."""
    ids, values = read_table(path)
    rows = _positions(ids, live_ids)
    aligned = np.full(len(live_ids), np.nan)
    aligned[rows[rows >= 0]] = values[rows >= 0]
    return aligned


def read_table(path: Path) -> tuple[npt.NDArray[Any], Predictions]:
    """Ids and predictions as they stand in a CSV or parquet file. Raises Unfit."""
    if not path.is_file():
        raise Unfit(NO_FILE)
    table = _read(path)
    names = set(table.column_names)
    value_name = next((name for name in PREDICTION_NAMES if names == {"id", name}), None)
    if value_name is None or len(table.column_names) != 2:
        raise Unfit(WRONG_HEADERS)
    if pa.types.is_string(table.schema.field(value_name).type):
        raise Unfit(f"{VALUES}: predictions must be numbers")
    try:
        values = table[value_name].cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise Unfit(f"{VALUES}: predictions must be numbers") from error
    ids = np.asarray(table["id"].cast(pa.string()).to_pylist(), dtype=object)
    return ids, values


def _read(path: Path) -> pa.Table:
    try:
        if path.suffix == ".parquet":
            return arrow_parquet.read_table(path)
        convert = arrow_csv.ConvertOptions(
            column_types={"id": pa.string()}, strings_can_be_null=False
        )
        return arrow_csv.read_csv(path, convert_options=convert)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise Unfit(f"{HEADERS}: the file is no {path.suffix[1:]} table") from error


def _positions(ids: npt.NDArray[Any], live_ids: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Where each id stands among the live ones; -1 for foreign ids."""
    place = {str(name): row for row, name in enumerate(live_ids)}
    return np.fromiter((place.get(name, -1) for name in ids), dtype=np.int64, count=len(ids))


def _fault(rows: npt.NDArray[np.int64], values: Predictions, *, size: int) -> str | None:
    known = rows[rows >= 0]
    if len(known) != len(np.unique(known)):
        return f"{IDS}: ids must not occur twice"
    if len(known) != size:
        return WRONG_IDS
    kept = values[rows >= 0]
    if not np.isfinite(kept).all():
        return f"{VALUES}: predictions must not be missing"
    if kept.min() < -LOW_SLACK or kept.max() > 1 + HIGH_SLACK:
        return f"{VALUES}: Values must be between 0 and 1 exclusive."
    if kept.min() == kept.max():
        return f"{VALUES}: predictions must not all be the same"
    return None
