"""A model of somebody's own, of which an artifact is kept."""

from __future__ import annotations

import numpy as np


class Slope:
    """Predicts a multiple of the first feature."""

    def __init__(self, scale: float = 1.0, random_state: int | None = None) -> None:
        self.scale, self.random_state = scale, random_state

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: object = None) -> Slope:
        self.slope = float(np.cov(X[:, 0], y)[0, 1]) * self.scale
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.slope * X[:, 0].astype(float)
