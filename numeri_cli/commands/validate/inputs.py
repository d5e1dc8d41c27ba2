"""A data file and everything that is scored on it, brought to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from numeri_cli.commands.validate.validation import PredictionSource
from numeri_cli.dataset.by_era import EraTable
from numeri_cli.dataset.parquet import DataFile, RowEras, feature_matrix, float_column
from numeri_cli.dataset.prediction_files import (
    FloatArray,
    IdColumn,
    Join,
    id_strings,
    join,
    read_id_column,
)
from numeri_cli.dataset.targets import check_target
from numeri_cli.scoring.era import Era
from numeri_cli.scoring.ranks import known
from numeri_cli.scoring.score_table import Score
from numeri_cli.scoring.scorecard import EraScores, score_era

Order = slice | npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False, kw_only=True)
class ScoringInputs:
    """The files, read and brought to the data's rows.

    joins: the sources'; the benchmark's own predictions are scored behind them where it is known
    raws: of those sources whose predictions before neutralization are known; scored behind it
    """

    data: DataFile
    row_eras: RowEras
    target: str
    features: tuple[str, ...]
    joins: tuple[Join, ...]
    raws: tuple[Join, ...]
    meta: Join | None
    bench: Join | None
    table: tuple[Score, ...]

    @classmethod
    def read(
        cls,
        sources: Sequence[PredictionSource],
        data: Path,
        *,
        target: str,
        features: tuple[str, ...],
        meta: IdColumn | None,
        benchmark: tuple[Path, str] | None,
        table: tuple[Score, ...],
    ) -> ScoringInputs:
        """Join everything to the rows of a data file.

        Raises FileMissing, FileDamaged, FileForeign, TargetAlias, TargetUnknown.
        """
        file = DataFile.open(data)
        check_target(file, target)
        file.require(list(features))
        ids = id_strings(file)
        return cls(
            data=file,
            row_eras=file.eras(),
            target=target,
            features=features,
            joins=tuple(join(source.predictions, ids) for source in sources),
            raws=tuple(join(source.raw, ids) for source in sources if source.raw is not None),
            meta=join(meta, ids) if meta else None,
            bench=join(read_id_column(*benchmark), ids) if benchmark else None,
            table=table,
        )

    @property
    def predicted_eras(self) -> frozenset[str]:
        """Those of the file with a prediction of any source."""
        some = np.logical_or.reduce([known(joined.values) for joined in self.joins])
        return frozenset(self.row_eras.names[n] for n in np.unique(self.row_eras.codes[some]))

    @property
    def columns(self) -> list[str]:
        """Those of the data file that are read of each era."""
        return [self.data.id_column, self.target, *self.features]

    def of_era(self, era: EraTable) -> Era:
        """What the scores of one era rest on."""
        table = era.table
        joins = self.joins if self.bench is None else (*self.joins, self.bench)
        columns = [joined.values[era.rows] for joined in joins]
        if self.bench is None:
            columns.append(np.full(len(era.rows), np.nan))
        columns += [joined.values[era.rows] for joined in self.raws]
        predictions = np.stack(columns, axis=1)
        order: Order = slice(None)
        if _ties(predictions):  # TB200 takes those at its edge in the order of their ids
            order = pc.sort_indices(table.column(0).cast(pa.string())).to_numpy()
        rows = era.rows[order]
        return Era(
            name=era.name,
            predictions=predictions[order],
            target=float_column(table, self.target)[order],
            meta_model=None if self.meta is None else self.meta.values[rows],
            benchmark=None if self.bench is None else self.bench.values[rows],
            features=feature_matrix(table, self.features)[order] if self.features else None,
        )

    def score(self, era: EraTable) -> tuple[str, EraScores | None]:
        """Its name, and None where none of its targets is known yet."""
        inputs = self.of_era(era)
        if not known(inputs.target).any():
            return era.name, None
        return era.name, score_era(inputs, table=self.table)


def _ties(predictions: FloatArray) -> bool:
    """Whether any column, (n, k), has a value twice."""
    ordered = np.sort(predictions, axis=0)
    return bool((ordered[1:] == ordered[:-1]).any())
