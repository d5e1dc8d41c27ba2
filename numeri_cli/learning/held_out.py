"""The last eras, held out: they say when further training stops helping."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from numeri_cli.dataset.parquet import float_column
from numeri_cli.learning.matrix import FloatMatrix, float_matrix
from numeri_cli.learning.residual import Residual
from numeri_cli.learning.rows import Rows
from numeri_cli.progress import SILENT, Listener

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """The held-out rows, read once for all targets and seeds.

    residual: what is taken out of their targets, too; None where nothing is
    """

    rows: Rows
    features: tuple[str, ...]
    missing_twos: str = "keep"
    listener: Listener = SILENT
    residual: Residual | None = None

    @cached_property
    def matrix(self) -> FloatMatrix:
        """(rows, features) float32: 4 bytes a cell."""
        return float_matrix(
            self.rows, self.features, missing_twos=self.missing_twos, listener=self.listener
        )

    def values(self, target: str) -> FloatArray:
        """(rows,) of a target, or what is left of it; NaN where it is not resolved."""
        pairs = zip(self.rows.sources, self.rows.masks, strict=True)
        read = [float_column(source.data.read([target]), target)[mask] for source, mask in pairs]
        values = np.concatenate(read)
        return values if self.residual is None else self.residual.left(self.rows, values)


def mean_corr(scores: FloatArray, target: FloatArray, codes: npt.NDArray[np.int32]) -> float:
    """The mean CORR of the eras; minus infinity where none has one.

    scores, target: (rows,), target NaN where it is not resolved; codes: (rows,) the rows' eras
    """
    # it brings scipy along, which a look at an artifact can spare
    from numeri_cli.scoring.scores import corr

    per_era = []
    for code in np.unique(codes):
        era = (codes == code) & ~np.isnan(target)
        if np.count_nonzero(era) > 1:
            per_era.append(corr(scores[era], target[era]))
    finite = [score for score in per_era if np.isfinite(score)]
    return float(np.mean(finite)) if finite else float("-inf")
