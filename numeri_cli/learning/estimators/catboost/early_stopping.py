"""The held-out eras' mean CORR as a metric that CatBoost asks for after every tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from numeri_cli.learning.estimators.catboost.library import catboost
from numeri_cli.learning.held_out import HeldOut, mean_corr

PATIENCE_TREES = 250


class HeldOutCorr:
    """A metric of CatBoost's kind: of the held-out rows their mean per-era CORR, else nothing."""

    def __init__(self, held_out: HeldOut, target: str) -> None:
        self._codes, self._values = held_out.rows.codes, held_out.values(target)

    def is_max_optimal(self) -> bool:
        """More is better."""
        return True

    def evaluate(
        self, approxes: Sequence[Sequence[float]], target: Sequence[float], weight: Any
    ) -> tuple[float, float]:
        """The score and its weight; of the training rows, which it is asked for too, 0."""
        scores = approxes[0]
        if len(scores) != len(self._values):
            return 0.0, 1.0
        found = mean_corr(np.array(scores, dtype=np.float64), self._values, self._codes)
        return (found if np.isfinite(found) else -1.0), 1.0

    def get_final_error(self, error: float, weight: float) -> float:
        """The score as it is."""
        return error


def held_out_pool(held_out: HeldOut, features: Sequence[str], *, threads: int) -> Any:
    """The held-out rows, without labels: the metric has its own."""
    matrix = held_out.matrix
    return catboost.Pool(
        np.asfortranarray(matrix),
        label=np.zeros(len(matrix), dtype=np.float32),
        feature_names=list(features),
        thread_count=threads,
    )
