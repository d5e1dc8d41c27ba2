"""A prediction file, read as the server will read it, and what it would refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPredictions:
    """A prediction file that the round will take, with the very bytes that were checked.

    ids, values: (n,), in the file's order; digest: SHA-256 of content, in hex
    """

    path: Path
    content: bytes = field(repr=False)
    digest: str
    ids: npt.NDArray[np.object_] = field(repr=False)
    values: npt.NDArray[np.float64] = field(repr=False)

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
    _check_ids(path, ids, live=frozenset(live_ids))
    _check_values(path, values, rules=rules)
    digest = hashlib.sha256(content).hexdigest()
    return CheckedPredictions(path=path, content=content, digest=digest, ids=ids, values=values)


def _content(path: Path, rules: PredictionRules) -> bytes:
    if not path.exists():
        raise FileMissing(f"there is no file {path}", hint="`numeri predict` writes one")
    if path.suffix not in (".csv", ".parquet") or not path.is_file():
        raise FileForeign(
            f"{path} is no prediction file", hint="predictions are .csv or .parquet files"
        )
    with disk_errors(path):
        if path.stat().st_size > rules.maximum_bytes:
            raise FileForeign(
                f"{path} is larger than {rules.maximum_bytes:,} bytes",
                hint="a prediction file has one row for each live id and two columns",
            )
        return path.read_bytes()


def _columns(
    path: Path, content: bytes, *, rules: PredictionRules
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.float64]]:
    import pyarrow as arrow

    from numeri_cli.dataset.prediction_files import read_table

    try:
        table = read_table(path, content=content, rules=rules)
        names = table.column_names  # here, for names can be no UTF-8 either
        ids = np.array([_id_of(value) for value in table.column(0).to_pylist()], dtype=object)
    except (FileDamaged, ValueError, LookupError) as error:
        raise FileDamaged(
            f"{path} is empty, cut off or no {path.suffix[1:]} file",
            hint="write it again: `numeri predict`",
        ) from error
    if len(names) != 2 or names[0] != rules.id_column or names[1] not in rules.value_columns:
        shown = ", ".join(repr(name[:40]) for name in names[:6])
        raise PredictionsHeaders(
            f"{path} has the columns {shown}{' …' if len(names) > 6 else ''}",
            hint=f"it must have exactly two, in this order: "
            f"{rules.id_column}, {rules.value_columns[0]}",
        )
    try:
        values = table.column(1).cast("float64").to_numpy(zero_copy_only=False)
    except arrow.ArrowException as error:
        raise PredictionsValues(
            f"{path} has predictions that are no numbers", hint="write plain numbers in [0, 1]"
        ) from error
    return ids, values


def _id_of(value: object) -> str | None:
    """A value of another type is no id of this round, but it can be counted."""
    return value if isinstance(value, str | None) else repr(value)


def _check_ids(path: Path, ids: npt.NDArray[np.object_], *, live: frozenset[str]) -> None:
    given = set(ids.tolist())
    empty = sum(value is None or value == "" for value in ids)
    repeated = len(ids) - len(given)
    lost, surplus = len(live - given), len(given - live)
    if live and not given & live:
        raise PredictionsIds(
            f"none of the {len(given):,} ids in {path} is in this round's live data",
            hint="they look like an earlier round's, or like row numbers: predict again from the"
            " new live file and keep its id column",
        )
    troubles = [
        f"{count:,} {what}"
        for count, what in (
            (empty, "without an id"),
            (repeated, "repeated"),
            (lost, "missing"),
            (surplus, "not in the live data"),
        )
        if count
    ]
    if troubles:
        raise PredictionsIds(
            f"the ids in {path} are not those of the live data: {', '.join(troubles)}",
            hint="every id of the live file must be there exactly once, and no other",
        )


def _check_values(path: Path, values: npt.NDArray[np.float64], *, rules: PredictionRules) -> None:
    missing = int(np.isnan(values).sum())
    if missing:
        raise PredictionsValues(
            f"{missing:,} of {len(values):,} predictions in {path} are missing (NaN)",
            hint="predict every row; a model that cannot should say 0.5",
        )
    outside = int(((values < rules.lowest) | (values > rules.highest)).sum())
    if outside:
        raise PredictionsValues(
            f"{outside:,} of {len(values):,} predictions in {path} are outside of"
            f" [{rules.lowest:g}, {rules.highest:g}]",
            hint="rank them per era: (rank - 0.5) / n",
        )
    if len(values) < 2 or np.isclose(np.std(values), 0.0):
        raise PredictionsValues(
            f"all predictions in {path} are the same",
            hint="a constant says nothing; look at the model",
        )
