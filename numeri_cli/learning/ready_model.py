"""A function or pickle that exists, put to work on a data file era by era."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from numeri_cli.dataset.by_era import tables_by_era
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import FileForeign
from numeri_cli.learning.estimators.base import FloatArray
from numeri_cli.learning.estimators.function import PredictFunction

if TYPE_CHECKING:
    import pandas as pd

_OF_ROWS = ("era", "data_type")


@dataclass
class ReadyModel:
    """A function that gets each era of a data file as a table, as a hosted model gets a round's.

    benchmarks: the file of the benchmark models' predictions for the same rows, where it is wanted
    """

    name: str
    function: PredictFunction
    benchmarks: Path | None = None
    scale: None = None
    weights: None = None
    _names: tuple[str, ...] = ()
    _eras: Iterator[tuple[str, pa.Table]] | None = field(default=None, repr=False)
    _kept: dict[str, pa.Table] = field(default_factory=dict, repr=False)

    def columns(self, data: DataFile) -> tuple[str, ...]:
        """All that the file has, but for the ids."""
        self._eras, self._kept = None, {}
        self._names = data.eras().names if "era" in data.columns else ()
        return tuple(name for name in data.columns if name != data.id_column)

    def predict_era(self, era: str, table: pa.Table, data: DataFile) -> FloatArray:
        """(n, 1) what the function says of an era's rows; each call has tables of its own."""
        features = _frame(table, data.id_column)
        benchmarks = None
        if self.function.wants_benchmarks:
            benchmarks = self._benchmarks_of(era, features.index)
        return self.function.predict(features, benchmarks).reshape(-1, 1)

    def _benchmarks_of(self, era: str, ids: pd.Index[str]) -> pd.DataFrame:
        """The benchmark models' predictions for these ids of an era, in their order.

        Raises FileForeign where one has none.
        """
        if self.benchmarks is None:
            raise FileForeign(
                f"{self.function.name} takes the benchmark models, and there is no file of them",
                hint="put it beside the data, named after it: …_benchmark_models.parquet",
            )
        data = DataFile.open(self.benchmarks)
        if len(self._names) == 1:  # live data: both files have its ids alone
            frame = _frame(data.read(data.columns), data.id_column)
        else:
            frame = _frame(self._next(era, data), data.id_column)
        absent = int((~ids.isin(frame.index)).sum())
        if absent or not frame.index.is_unique:
            raise FileForeign(
                f"{self.benchmarks} has no predictions for {absent:,} ids of era {era}",
                hint="`numeri download` brings the file that belongs to the data",
            )
        return frame.reindex(ids)

    def _next(self, era: str, data: DataFile) -> pa.Table:
        """The rows of an era, in whatever order the file has its eras."""
        if self._eras is None:
            self._eras = tables_by_era(data, data.columns, eras=self._names)
        while era not in self._kept:
            found = next(self._eras, None)
            if found is None:
                raise FileForeign(
                    f"{self.benchmarks} has no predictions for era {era}",
                    hint="`numeri download` brings the file that belongs to the data",
                )
            self._kept[found[0]] = found[1]
        return self._kept.pop(era)


def _frame(table: pa.Table, id_column: str) -> pd.DataFrame:
    """A table as pandas has it, the ids as its index."""
    frame: pd.DataFrame = table.to_pandas().set_index(id_column)
    frame.index.name = "id"
    return frame
