"""When further trees no longer help on the held-out eras."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from numeri_cli.learning.estimators.lightgbm.library import lgb
from numeri_cli.learning.held_out import HeldOut, mean_corr

EVERY_TREES = 25
PATIENCE_TREES = 250
CHUNK_ROWS = 20_000


@dataclass(frozen=True)
class BoosterProgress:
    """How far the training of a booster has come.

    trees: grown so far
    best_trees: those to keep once it stops early; 0 where nothing is held out
    best_score: the held-out score with these
    """

    trees: int = 0
    best_trees: int = 0
    best_score: float = float("-inf")
    stopped: bool = False


class EarlyStopping:
    """Ends a training once the mean per-era CORR has not risen for `patience_trees`.

    averages: whether the booster predicts the mean of its trees rather than their sum
    """

    def __init__(
        self,
        held_out: HeldOut,
        target: str,
        *,
        patience_trees: int = PATIENCE_TREES,
        every_trees: int = EVERY_TREES,
        averages: bool = False,
    ) -> None:
        self._averages = averages
        self.every_trees = every_trees
        self._patience_trees = patience_trees
        self._matrix = held_out.matrix
        self._codes = held_out.rows.codes
        self._values = held_out.values(target)
        self._scores = np.zeros(len(self._values))
        self._followed = 0
        self._booster: lgb.Booster | None = None

    def follow(self, booster: lgb.Booster, trees: int) -> None:
        """Add the raw scores of the next trees of a segment's booster to those so far."""
        if booster is not self._booster:
            self._booster, self._followed = booster, 0
        weight = trees if self._averages else 1
        for start in range(0, len(self._scores), CHUNK_ROWS):
            self._scores[start : start + CHUNK_ROWS] += weight * booster.predict(
                np.ascontiguousarray(self._matrix[start : start + CHUNK_ROWS]),
                raw_score=True,
                start_iteration=self._followed,
                num_iteration=trees,
            )
        self._followed += trees

    def judge(self, progress: BoosterProgress) -> BoosterProgress:
        """The progress with the best score so far; stopped where patience is at its end."""
        score = mean_corr(self._scores, self._values, self._codes)
        if score > progress.best_score:
            return replace(progress, best_score=score, best_trees=progress.trees)
        waited = progress.trees - progress.best_trees
        return replace(progress, stopped=waited >= self._patience_trees)
