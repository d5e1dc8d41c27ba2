"""The last eras, held out: they say when further trees stop helping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from numeri_cli.learning.estimators.lightgbm.legs import Standing
from numeri_cli.learning.estimators.lightgbm.parameters import lgb
from numeri_cli.learning.matrix import FloatMatrix, float_matrix
from numeri_cli.learning.rows import Rows
from numeri_cli.progress import Listener
from numeri_cli.scoring.scores import corr

EVERY_TREES = 25
PATIENCE_TREES = 250
CHUNK_ROWS = 20_000


@dataclass(frozen=True)
class HeldOut:
    """The held-out rows, once for all targets and seeds.

    matrix: (rows, features) float32
    codes: (rows,) the era of each row
    """

    matrix: FloatMatrix
    codes: npt.NDArray[np.int32]

    @classmethod
    def read(
        cls, rows: Rows, features: Sequence[str], *, missing_twos: str, listener: Listener
    ) -> HeldOut:
        """Read the rows into memory: 4 bytes a cell."""
        matrix = float_matrix(rows, features, missing_twos=missing_twos, listener=listener)
        return cls(matrix, rows.codes)


class EraCorrJudge:
    """Ends a training once the mean per-era CORR has not risen for `patience_trees`."""

    def __init__(
        self,
        held_out: HeldOut,
        target: npt.NDArray[np.float64],
        *,
        patience_trees: int = PATIENCE_TREES,
        every_trees: int = EVERY_TREES,
    ) -> None:
        self.every_trees = every_trees
        self._patience = patience_trees
        self._held = held_out
        self._target = target
        self._scores = np.zeros(len(target))
        self._followed = 0
        self._booster: lgb.Booster | None = None

    def follow(self, booster: lgb.Booster, trees: int) -> None:
        """Add the raw scores of the next trees of this booster, a leg's, to those so far."""
        if booster is not self._booster:
            self._booster, self._followed = booster, 0
        for start in range(0, len(self._scores), CHUNK_ROWS):
            chunk = self._held.matrix[start : start + CHUNK_ROWS]
            self._scores[start : start + CHUNK_ROWS] += booster.predict(
                np.ascontiguousarray(chunk),
                raw_score=True,
                start_iteration=self._followed,
                num_iteration=trees,
            )
        self._followed += trees

    def judge(self, standing: Standing) -> Standing:
        """The standing with the best score so far; stopped where patience is at its end."""
        score = self._mean_corr()
        if score > standing.best_score:
            return replace(standing, best_score=score, best_trees=standing.trees)
        waited = standing.trees - standing.best_trees
        return replace(standing, stopped=waited >= self._patience)

    def _mean_corr(self) -> float:
        scores = []
        for code in np.unique(self._held.codes):
            era = (self._held.codes == code) & ~np.isnan(self._target)
            if np.count_nonzero(era) > 1:
                scores.append(corr(self._scores[era], self._target[era]))
        finite = [score for score in scores if np.isfinite(score)]
        return float(np.mean(finite)) if finite else float("-inf")
