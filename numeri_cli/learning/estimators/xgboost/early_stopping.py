"""When further trees of a booster no longer help on the held-out eras."""

from __future__ import annotations

from typing import Any

import numpy as np

from numeri_cli.learning.held_out import HeldOut, mean_corr

EVERY_TREES = 25
PATIENCE_TREES = 250
_CHUNK_ROWS = 20_000


class HeldOutJudge:
    """Follows a booster tree by tree: the mean per-era CORR, and how many trees were best."""

    def __init__(self, held_out: HeldOut, target: str, *, patience_trees: int) -> None:
        self.best_trees, self.best_score = 0, float("-inf")
        self._patience_trees, self._followed = patience_trees, 0
        self._matrix, self._codes = held_out.matrix, held_out.rows.codes
        self._values = held_out.values(target)
        self._scores = np.zeros(len(self._values))

    def is_over(self, booster: Any, trees: int) -> bool:
        """Judge a booster of so many trees; whether patience is at its end."""
        for start in range(0, len(self._scores), _CHUNK_ROWS):
            part = slice(start, start + _CHUNK_ROWS)
            self._scores[part] += booster.inplace_predict(
                np.ascontiguousarray(self._matrix[part]),
                iteration_range=(self._followed, trees),
                predict_type="margin",
            )  # the base is added each time: the same for all rows
        self._followed = trees
        score = mean_corr(self._scores, self._values, self._codes)
        if score > self.best_score:
            self.best_score, self.best_trees = score, trees
        return trees - self.best_trees >= self._patience_trees
