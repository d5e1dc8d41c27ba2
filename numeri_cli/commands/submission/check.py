"""A prediction file, read as the server's validator reads it, and what that would refuse.

What a file is, its content says, not its name. The bytes that were checked are the bytes that are
sent: a file is never written anew on its way. So one whose ids are an index of pandas without a
name, which the official validator refuses, is refused here with the cure; commands that only read
predictions take it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from numeri_cli.dataset.file_kinds import HEAD_BYTES, table_kind
from numeri_cli.errors import (
    FileDamaged,
    FileForeign,
    FileMissing,
    PredictionsHeaders,
    PredictionsIds,
    PredictionsValues,
)
from numeri_cli.files import disk_errors
from numeri_cli.tournaments import CLASSIC, PredictionRules

# as numerai-tools 0.7.2 compares, submissions.validate_values: numpy.isclose with its defaults
_LOW_SLACK, _HIGH_SLACK = 1e-8, 1e-8 + 1e-5

Ids = npt.NDArray[np.object_]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPredictions:
    """A prediction file that the round will take, with the very bytes that were checked.

    ids, values: (n,), those of live ids, in the file's order
    digest: SHA-256 of content, in hex
    surplus: how many rows have another id; the server leaves them out
    """

    path: Path
    content: bytes = field(repr=False)
    digest: str
    ids: Ids = field(repr=False)
    values: Values = field(repr=False)
    surplus: int = 0

    @property
    def suffix(self) -> str:
        """The suffix that fits the content, whatever the file is called."""
        return f".{table_kind(self.path, self.content[:HEAD_BYTES])}"

    @property
    def rows(self) -> int:
        """How many ids are predicted."""
        return len(self.ids)


def check_predictions(
    path: Path, live_ids: Collection[str], *, rules: PredictionRules = CLASSIC.predictions
) -> CheckedPredictions:
    """Read a CSV or parquet file as the server will, and find what it would refuse.

    live_ids: the ids of the round's live data, each once
    rules: of the tournament
    Raises FileMissing, FileDamaged, FileForeign, PredictionsHeaders, PredictionsIds,
    PredictionsValues, DiskTrouble, PathForbidden.
    """
    content = _content(path, rules)
    ids, values = _columns(path, content, rules=rules)
    live = frozenset(live_ids)
    _check_ids(path, ids, live=live)
    counted = np.fromiter((one in live for one in ids), dtype=bool, count=len(ids))
    _check_values(path, values[counted], rules=rules)
    return CheckedPredictions(
        path=path,
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        ids=ids[counted],
        values=values[counted],
        surplus=len(ids) - int(counted.sum()),
    )


def _content(path: Path, rules: PredictionRules) -> bytes:
    if not path.exists():
        raise FileMissing(f"there is no file {path}", hint="`numeri predict` writes one")
    if not path.is_file():
        raise FileForeign(f"{path} is no file", hint="predictions are CSV or parquet files")
    with disk_errors(path):
        if path.stat().st_size > rules.maximum_bytes:
            raise FileForeign(
                f"{path} is larger than {rules.maximum_bytes:,} bytes",
                hint="a prediction file has one row for each live id and two columns",
            )
        return path.read_bytes()


def _columns(path: Path, content: bytes, *, rules: PredictionRules) -> tuple[Ids, Values]:
    """Ids, None where there is none, and values; as pandas shows both to the validator."""
    kind = table_kind(path, content[:HEAD_BYTES])
    read = _of_parquet if kind == "parquet" else _of_csv
    try:
        names, ids, values = read(content)
    except (ValueError, LookupError, OSError, RecursionError) as error:  # pandas' and Arrow's, too
        raise FileDamaged(
            f"{path} is empty, cut off or no {kind} file",
            hint="write it again: `numeri predict`",
        ) from error
    if len(names) != 2 or names[0] != rules.id_column or names[1] not in rules.value_columns:
        shown = ", ".join(repr(name[:40]) for name in names[:6])
        raise PredictionsHeaders(
            f"{path} has the columns {shown}{' …' if len(names) > 6 else ''}",
            hint=f"it must have exactly two, in this order: "
            f"{rules.id_column}, {rules.value_columns[0]}; an index of pandas is none of them:"
            ' name it and make it a column, rename_axis("id").reset_index()',
        )
    if values is None:
        raise PredictionsValues(
            f"{path} has predictions that are no numbers", hint="write plain numbers in [0, 1]"
        )
    return ids, values


def _of_csv(content: bytes) -> tuple[list[str], Ids, Values | None]:
    """Names of the columns, ids, and values; None where these are no numbers."""
    import pandas

    frame = pandas.read_csv(BytesIO(content), low_memory=False)
    if not isinstance(frame.index, pandas.RangeIndex):
        raise ValueError("rows have more fields than the header")
    names = [str(name) for name in frame.columns]
    if len(names) != 2:
        return names, np.empty(0, dtype=object), None
    ids = frame.iloc[:, 0]
    absent = ids.isna().tolist()
    texts = [None if gone else str(one) for one, gone in zip(ids, absent, strict=True)]
    column = frame.iloc[:, 1]
    is_number = column.dtype.kind in "iufb" or column.empty
    values = column.to_numpy(np.float64) if is_number else None
    return names, np.array(texts, dtype=object), values


def _of_parquet(content: bytes) -> tuple[list[str], Ids, Values | None]:
    """Names of the columns, without those that pandas takes for its index; ids and values."""
    import pyarrow
    from pyarrow import parquet, types

    from numeri_cli.dataset.parquet import as_floats

    with parquet.ParquetFile(BytesIO(content)) as file:
        schema = file.schema_arrow
        known = schema.pandas_metadata or {}
        index = [one for one in known.get("index_columns", ()) if isinstance(one, str)]
        names = [name for name in schema.names if name not in index]
        if len(names) != 2 or len(set(names)) != 2:
            return names, np.empty(0, dtype=object), None
        table = file.read(columns=names).select(names)
    ids = [_id_of(value) for value in table.column(0).to_pylist()]
    column = table.column(1)
    is_number = types.is_floating(column.type) or types.is_integer(column.type)
    if len(column) == 0:
        return names, np.empty(0, dtype=object), np.empty(0)
    if types.is_boolean(column.type):
        column, is_number = column.cast(pyarrow.int8()), True
    if not is_number:
        return names, np.array(ids, dtype=object), None
    values = as_floats(column, pyarrow.float64()).to_numpy()
    return names, np.array(ids, dtype=object), values


def _id_of(value: object) -> str | None:
    """A value of another type is no id of this round, but it can be counted."""
    return value if isinstance(value, str | None) else str(value)


def _check_ids(path: Path, ids: Ids, *, live: frozenset[str]) -> None:
    """Every live id once; ids that are not live are left to the server, which leaves them out."""
    counted = [one for one in ids.tolist() if one in live]
    given = set(counted)
    if live and not given:
        raise PredictionsIds(
            f"none of the {len(set(ids.tolist())):,} ids in {path} is in this round's live data",
            hint="they look like an earlier round's, or like row numbers: predict again from the"
            " new live file and keep its id column",
        )
    absent = sum(one is None for one in ids)
    repeated, lost = len(counted) - len(given), len(live - given)
    if not (absent or repeated or lost):
        return
    empty = absent + sum(one == "" for one in ids)
    counts = ((empty, "without an id"), (repeated, "repeated"), (lost, "missing"))
    troubles = [f"{count:,} {what}" for count, what in counts if count]
    raise PredictionsIds(
        f"the ids in {path} are not those of the live data: {', '.join(troubles)}",
        hint="every id of the live file must be there exactly once",
    )


def _check_values(path: Path, values: Values, *, rules: PredictionRules) -> None:
    missing = int(np.isnan(values).sum())
    if missing:
        raise PredictionsValues(
            f"{missing:,} of {len(values):,} predictions in {path} are missing (NaN)",
            hint="predict every row; a model that cannot should say 0.5",
        )
    low, high = rules.lowest - _LOW_SLACK, rules.highest + _HIGH_SLACK
    outside = int(((values < low) | (values > high)).sum())
    if outside:
        raise PredictionsValues(
            f"{outside:,} of {len(values):,} predictions in {path} are outside of"
            f" [{rules.lowest:g}, {rules.highest:g}]",
            hint="rank them per era: (rank - 0.5) / n",
        )
    if len(values) < 2 or np.isclose(0.0, np.std(values, ddof=1)):
        raise PredictionsValues(
            f"all predictions in {path} are the same",
            hint="a constant says nothing; look at the model",
        )
