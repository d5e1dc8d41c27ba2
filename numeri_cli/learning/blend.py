"""A blend: the finished predictions of other models as the members of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import IdColumn
from numeri_cli.errors import PredictionsIds
from numeri_cli.learning.joined_columns import JoinedColumns

FloatArray = npt.NDArray[np.float64]


@dataclass
class BlendModel:
    """Parts with their predictions for one data file, and how much each counts; an EraModel.

    parts: each neutralized and ranked as it would be submitted; names them for what is said
    shares: by part, above 0
    verb: what makes a part's predictions anew, for what is said
    """

    name: str
    parts: tuple[IdColumn, ...]
    shares: Mapping[str, float]
    verb: str = "predict"
    scale: None = None
    _joined: JoinedColumns | None = field(default=None, repr=False)

    @property
    def weights(self) -> FloatArray:
        """(n_parts,) in the order of the members."""
        return np.array([self.shares[part.name] for part in self.parts], dtype=np.float64)

    def columns(self, data: DataFile) -> tuple[str, ...]:
        """Nothing of the file but its ids."""
        self._joined = JoinedColumns(data, self.parts)
        return ()

    def predict_era(self, era: str, table: pa.Table, data: DataFile) -> FloatArray:
        """(n, n_parts) what each part says. Raises PredictionsIds where one lacks an id."""
        if self._joined is None:
            self.columns(data)
        assert self._joined is not None  # noqa: S101 - made just now
        values = self._joined.of_era(era)
        for place, part in enumerate(self.parts):
            missing = int(np.count_nonzero(np.isnan(values[:, place])))
            if missing:
                raise PredictionsIds(
                    f"{part.name}, a part of {self.name}, has no prediction for {missing:,} of"
                    f" {len(values):,} ids of era {era}",
                    hint=f"`numeri {self.verb} {part.name}` makes its predictions anew",
                )
        return values
