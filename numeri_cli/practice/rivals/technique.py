"""What a technique of forecasting is, what it learns from and what it forecasts.

A technique is fitted once and becomes bytes on disk; the bytes become a forecaster again.
Everything comes out the same with any number of threads. A new technique is a class with `fit` and
`forecaster`, and a line in archetypes.BUILDERS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.market.features import FeatureArray
from numeri_cli.practice.market.targets import CodeArray

ScoreArray = npt.NDArray[np.float64]
MIDDLE = 2  # of features and targets from 0 to 4


class BinnedHistory(Protocol):
    """Eras in LightGBM's bins, all features."""

    @property
    def eras(self) -> tuple[int, ...]:
        """Which eras are there."""

    @property
    def stocks(self) -> int:
        """Rows of each era."""

    @property
    def features(self) -> int:
        """How many columns there are."""

    def subset(self, eras: Sequence[int], fit_data: FitData) -> Any:
        """The rows of `eras` as a LightGBM dataset, with the target of `fit_data`."""


class TrainingHistory(Protocol):
    """What a model may learn from."""

    def features(self, era: int) -> FeatureArray:
        """(features, stocks) in 0–4."""

    def target(self, era: int, name: str) -> CodeArray:
        """(stocks,) in 0–4."""

    def binned(self) -> BinnedHistory:
        """Every so manieth era, as trees learn from it."""


@dataclass(frozen=True, kw_only=True)
class FitData:
    """What one model is fitted on: rows of these eras, one target, one seed."""

    history: TrainingHistory
    eras: Sequence[int]
    target: str
    seed: int

    def centred(
        self, eras: Sequence[int], columns: Sequence[int]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """(features, rows) and (rows,) of these eras as whole numbers from −2 to 2."""
        features = [self.history.features(era)[list(columns)] - MIDDLE for era in eras]
        codes = [self.history.target(era, self.target) - MIDDLE for era in eras]
        return (
            np.concatenate(features, axis=1).astype(np.float32),
            np.concatenate(codes).astype(np.float32),
        )


@dataclass(frozen=True, kw_only=True)
class LiveView:
    """What forecasters see of some eras, one after the other; the rows of an era are its stocks.

    features: (features, rows); benchmarks: (models, rows) ranks of the organiser's models
    """

    eras: tuple[int, ...]
    features: FeatureArray
    benchmarks: ScoreArray

    @property
    def parts(self) -> tuple[slice, ...]:
        """The rows of each era."""
        stocks = self.features.shape[1] // len(self.eras)
        return tuple(slice(at * stocks, (at + 1) * stocks) for at in range(len(self.eras)))


class Forecaster(Protocol):
    """A fitted model."""

    def scores(self, view: LiveView) -> ScoreArray:
        """(rows,) on any scale that ranks within an era."""


class Technique(Protocol):
    """A way to forecast."""

    def fit(self, fit_data: FitData) -> bytes:
        """Learn; what is learnt as bytes."""

    def forecaster(self, learnt: bytes) -> Forecaster:
        """The model that these bytes are."""
