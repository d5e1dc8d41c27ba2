"""Rows in, ensemble out, in bounded memory: era after era of any data file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from numeri_cli.dataset.by_era import tables_by_era
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import PredictionWriter, prediction_writer
from numeri_cli.dataset.scale import FeatureScale
from numeri_cli.errors import ArtifactForeign
from numeri_cli.learning.estimators.base import Fitted, Weighing
from numeri_cli.learning.matrix import FloatMatrix, float_rows, without_missing_twos
from numeri_cli.learning.neutralizing import NeutralizingColumns, feature_names
from numeri_cli.model_spec import ModelSpec, Neutralization
from numeri_cli.progress import SILENT, Listener

FloatArray = npt.NDArray[np.float64]
CHUNK_BYTES = 16 * 2**20


class EraModel(Protocol):
    """Whatever predicts a data file era by era."""

    @property
    def scale(self) -> FeatureScale | None:
        """On which scale its features were in training; None where nobody knows."""

    @property
    def weights(self) -> FloatArray | None:
        """(members,) how much each counts in the mean; None where all count the same."""

    def columns(self, data: DataFile) -> tuple[str, ...]:
        """What it wants to see of a file, but for the ids. Raises ArtifactForeign, FileForeign."""

    def predict_era(self, era: str, table: pa.Table, data: DataFile) -> FloatArray:
        """(n, members) raw predictions of an era's rows, with these columns and the ids."""


@dataclass(frozen=True, kw_only=True)
class FittedModel:
    """A trained model, ready to predict; an EraModel.

    features: in the order of the members' columns
    data_version: where it was trained
    scale: of the features that it was trained on; None where nobody knows
    """

    name: str
    data_version: str
    features: tuple[str, ...]
    spec: ModelSpec
    members: tuple[Fitted, ...]
    scale: FeatureScale | None = None
    weights: None = None

    def columns(self, data: DataFile) -> tuple[str, ...]:
        """Its features, all of which the file has."""
        _require_features(self, data)
        return self.features

    def predict_era(self, era: str, table: pa.Table, data: DataFile) -> FloatArray:
        """(n, members) what each member says of an era's rows."""
        return _predict_era(self, table, path=data.path)

    def gain_importance(self) -> tuple[tuple[str, float], ...]:
        """(feature, share of the gain) of those with any, the largest first.

        Each member counts the same. Empty where a member does not know its gains, or has none.
        """
        shares = np.zeros(len(self.features))
        for member in self.members:
            gains = member.gains() if isinstance(member, Weighing) else np.zeros(1)
            if not gains.sum() > 0:
                return ()
            shares += gains / gains.sum() / len(self.members)
        order = np.argsort(-shares, kind="stable")
        return tuple((self.features[n], float(shares[n])) for n in order if shares[n] > 0)


@dataclass(frozen=True)
class MemberPredictions:
    """What each member says about one era.

    ids: (n,) strings; raw: (n, members) as the members predict
    table: the era's columns as read, the features to neutralize against among them
    """

    era: str
    ids: pa.ChunkedArray
    raw: FloatArray
    table: pa.Table


@dataclass(frozen=True)
class PredictedFile:
    """A prediction file that was written."""

    path: Path
    rows: int
    eras: tuple[str, ...]


def raw_predictions(
    model: EraModel,
    data: DataFile,
    *,
    also: Sequence[str] = (),
    eras: Sequence[str] | None = None,
) -> Iterator[MemberPredictions]:
    """Era after era, each member's predictions; columns are taken by their names.

    also: further columns to read; eras: only these
    Raises ArtifactForeign naming the features that the file lacks, or where they are on another
    scale than the model's training.
    """
    columns = list(dict.fromkeys([data.id_column, *model.columns(data), *also]))
    for era, table in tables_by_era(data, columns, eras=eras):
        yield MemberPredictions(
            era=era,
            ids=table.column(data.id_column).cast(pa.string()),
            raw=model.predict_era(era, table, data),
            table=table,
        )


def _require_features(model: FittedModel, data: DataFile) -> None:
    """Raise ArtifactForeign, with names, where the file lacks a feature of the model."""
    known = set(data.columns)
    absent = [name for name in model.features if name not in known]
    if absent:
        shown = ", ".join(absent[:3]) + (f" and {len(absent) - 3} more" if absent[3:] else "")
        raise ArtifactForeign(
            f"model {model.name} needs features that {data.path} lacks: {shown}",
            hint=f"it was trained on {model.data_version}; take that version's files or "
            f"`numeri train {model.name}` again",
        )


def _require_scale(model: FittedModel, rows: FloatMatrix, path: Path) -> None:
    """Raise ArtifactForeign where features are on another scale than in the model's training."""
    against = None if model.scale is None else model.scale.contradiction(rows)
    if model.scale is not None and against is not None:
        raise ArtifactForeign(
            f"the features of {path.name} are on another scale than those of {model.name}'s"
            f" training, {model.scale.words}: {against}",
            hint=f"take the files of {model.data_version}, or `numeri train {model.name}` on files"
            " of this scale",
        )


def _predict_era(model: FittedModel, table: pa.Table, *, path: Path) -> FloatArray:
    if model.spec.missing_twos == "nan":
        features = table.select(list(model.features))
        table = without_missing_twos(features, np.zeros(table.num_rows, dtype=np.int32))
    raw = np.empty((table.num_rows, len(model.members)))
    step = max(1, CHUNK_BYTES // (4 * len(model.features)))
    for start in range(0, table.num_rows, step):
        stop = min(start + step, table.num_rows)
        rows = float_rows(table, model.features, start=start, stop=stop)
        _require_scale(model, rows, path)
        for place, member in enumerate(model.members):
            raw[start:stop, place] = member.predict(rows)
    return raw


def predict_file(
    model: EraModel,
    data: DataFile,
    output: Path,
    *,
    neutralization: Neutralization | None,
    eras: Sequence[str] | None = None,
    with_era: bool = False,
    raw: Path | None = None,
    listener: Listener = SILENT,
) -> PredictedFile:
    """Write the ensemble's predictions, era after era; whole or not at all.

    output: .parquet or .csv with columns `id`, `prediction`, in the file's order of eras;
    `with_era` puts `era` between them
    neutralization: with its features resolved to names; None leaves it out
    raw: a file for the same predictions without their neutralization
    Raises ArtifactForeign, FileForeign, FileDamaged, DiskError.
    """
    # it brings scipy along, which a look at an artifact can spare
    from numeri_cli.scoring.ensemble import combine_in_steps

    names = feature_names(neutralization)
    data.require(names)
    written: list[str] = []
    steps = neutralization.steps if neutralization else ()
    columns = NeutralizingColumns(data, steps, listener)
    middle = model.scale.middle if model.scale else None
    with (
        prediction_writer(output, with_era=with_era) as writer,
        _writer_of(raw, with_era=with_era) as raw_writer,
        listener.task("predicting", total=_rows_of(data, eras), unit="rows") as task,
    ):
        for era in raw_predictions(model, data, also=names, eras=eras):
            taken_out = columns.of_era(era.era, era.table) if steps else []
            prediction = combine_in_steps(
                era.raw, taken_out, weights=model.weights, missing_feature=middle
            )
            writer.write(era.ids, prediction, era=era.era)
            if raw_writer is not None:
                left = combine_in_steps(era.raw, [], weights=model.weights, missing_feature=middle)
                raw_writer.write(era.ids, left, era=era.era)
            written.append(era.era)
            task.advance(len(prediction))
    listener.step("predicted")
    return PredictedFile(output, writer.rows, tuple(written))


@contextmanager
def _writer_of(output: Path | None, *, with_era: bool) -> Iterator[PredictionWriter | None]:
    """A writer of a second file; None where none is asked for."""
    if output is None:
        yield None
        return
    with prediction_writer(output, with_era=with_era) as writer:
        yield writer


def _rows_of(data: DataFile, eras: Sequence[str] | None) -> int:
    if eras is None:
        return data.rows
    counts = data.eras().counts()
    return sum(counts.get(era, 0) for era in set(eras))
