"""Columns of other files on the rows of a data file, era by era."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import IdColumn, id_strings, join

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JoinedColumns:
    """Columns by ids, joined once to all rows of a data file."""

    data: DataFile
    columns: tuple[IdColumn, ...]

    def of_era(self, era: str) -> FloatArray:
        """(n_ids, n_columns) of an era, NaN where a column lacks an id.

        The rows are in the order in which `tables_by_era` has them.
        """
        return np.asarray(self._values[self._places[era]], dtype=np.float64)

    @cached_property
    def _values(self) -> FloatArray:
        ids = id_strings(self.data)
        return np.column_stack([join(column, ids).values for column in self.columns])

    @cached_property
    def _places(self) -> dict[str, npt.NDArray[np.int64]]:
        eras = self.data.eras()
        order = np.argsort(eras.codes, kind="stable")
        bounds = np.searchsorted(eras.codes[order], np.arange(len(eras.names) + 1))
        pairs: Sequence[tuple[str, int, int]] = list(
            zip(eras.names, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
        )
        return {name: order[begin:end] for name, begin, end in pairs}
