"""Frames of pandas and Arrow tables: made of what the commands hand back, read as predictions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd
import pyarrow as pa

from numeri_cli.commands.validate.model_sources import GivenPredictions
from numeri_cli.dataset.prediction_files import ID_COLUMNS, RULES, id_column, prediction_writer
from numeri_cli.errors import PredictionsHeaders

if TYPE_CHECKING:  # pandas itself knows no Series[…]
    Predictions: TypeAlias = pd.DataFrame | pd.Series[Any] | pa.Table

MODEL, ARTIFACT = "model", "artifact"  # in the attributes of a frame that a model predicted


def frame_of(table: pa.Table) -> pd.DataFrame:
    """The table as a frame whose index is `id`; the table is used up, to save its memory."""
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return frame.set_index("id")


def given(predictions: Predictions | Mapping[str, Predictions]) -> list[GivenPredictions]:
    """Each set of predictions as something to score; one alone is called "frame".

    Raises PredictionsHeaders, PredictionsIds, PredictionsValues.
    """
    named = predictions if isinstance(predictions, Mapping) else {"frame": predictions}
    found = []
    for name, one in named.items():
        attributes = {} if isinstance(one, pa.Table) else one.attrs
        found.append(
            GivenPredictions(
                column=id_column(name, _ids_and_values(one, name), source=name),
                model=attributes.get(MODEL),
                artifact=attributes.get(ARTIFACT),
            )
        )
    return found


def write(predictions: Predictions, path: Path) -> None:
    """Write the ids and predictions of a frame as a prediction file, whole or not at all.

    Raises PredictionsHeaders, PredictionsIds, PredictionsValues, DiskError.
    """
    column = id_column("frame", _ids_and_values(predictions, "the frame"), source="the frame")
    with prediction_writer(path) as file:
        file.write(column.ids, column.values)


def _ids_and_values(predictions: Predictions, name: str) -> pa.Table:
    """A table of two columns, ids and predictions. Raises PredictionsHeaders."""
    if isinstance(predictions, pa.Table):
        return _chosen(predictions, name)
    frame = predictions
    if isinstance(predictions, pd.Series):
        frame = predictions.to_frame("prediction")
    values = [column for column in RULES.value_columns if column in frame.columns]
    if not values or (RULES.id_column not in frame.columns and not _has_ids(frame.index)):
        raise _headers(name, [str(column) for column in frame.columns])
    has_column = RULES.id_column in frame.columns
    ids = frame[RULES.id_column] if has_column else frame.index.to_series()
    try:
        numbers = pa.array(frame[values[0]], from_pandas=True)
        return pa.table({"id": pa.array(ids, from_pandas=True), "prediction": numbers})
    except pa.ArrowException:  # a column of several kinds of values
        texts = frame[values[0]].astype(str)
        return pa.table({"id": pa.array(ids.astype(str)), "prediction": pa.array(texts)})


def _has_ids(index: pd.Index[Any]) -> bool:
    """Whether an index holds ids: it is called so, or holds texts rather than places."""
    return index.name == RULES.id_column or not pd.api.types.is_numeric_dtype(index.dtype)


def _chosen(table: pa.Table, name: str) -> pa.Table:
    ids = [column for column in ID_COLUMNS if column in table.column_names]
    values = [column for column in RULES.value_columns if column in table.column_names]
    if not ids or not values:
        raise _headers(name, table.column_names)
    return table.select([ids[0], values[0]])


def _headers(name: str, names: list[str]) -> PredictionsHeaders:
    shown = ", ".join(names[:6]) or "none"
    return PredictionsHeaders(
        f"{name} needs ids, as its index or a column `id`, and a column `prediction`; its columns"
        f" are {shown}",
        hint="`frame.set_index('id')`, or take the index of what load(…) gave",
    )
