"""Techniques by which rivals and the organiser forecast: trees, ridge, a few features, chance.

A technique is fitted once and becomes bytes on disk; the bytes become a forecaster again.
Everything comes out the same with any number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from numeri_cli.practice.obfuscation import FeatureArray
from numeri_cli.practice.streams import Purpose, stream
from numeri_cli.practice.targets import CodeArray

ScoreArray = npt.NDArray[np.float64]
WEIGHT_UNIT = 2.0**-30  # sums of small integers times such weights are exact in any order
MIDDLE = 2
LEAVES_PER_ROWS = 480  # a leaf holds at least this fraction of the rows, or 1000


class History(Protocol):
    """What a model may learn from."""

    def features(self, era: int) -> FeatureArray:
        """(features, stocks) in 0–4."""

    def target(self, era: int, name: str) -> CodeArray:
        """(stocks,) in 0–4."""


@dataclass(frozen=True)
class Lesson:
    """What one model is fitted on: rows of these eras, one target, one seed."""

    history: History
    eras: Sequence[int]
    target: str
    seed: int

    def labels(self, eras: Sequence[int]) -> npt.NDArray[np.float32]:
        """(rows,) in {0, .25, .5, .75, 1}."""
        codes = [self.history.target(era, self.target) for era in eras]
        return np.concatenate(codes).astype(np.float32) / 4


@dataclass(frozen=True)
class LiveView:
    """What a forecaster sees of an era.

    features: (features, stocks); benchmarks: (models, stocks) ranks of the organiser's models
    """

    era: int
    features: FeatureArray
    benchmarks: ScoreArray


class Forecaster(Protocol):
    """A fitted model."""

    def scores(self, view: LiveView) -> ScoreArray:
        """(stocks,) on any scale."""


class Technique(Protocol):
    """A way to forecast."""

    def fit(self, lesson: Lesson) -> bytes:
        """Learn; what is learnt as bytes."""

    def forecaster(self, learnt: bytes) -> Forecaster:
        """The model that these bytes are."""


@dataclass(frozen=True)
class Trees:
    """LightGBM on every `stride`-th era of a choice of features.

    columns: indices of features, or None for all; share: how many of them each tree sees
    """

    columns: tuple[int, ...] | None = None
    rounds: int = 100
    depth: int = 4
    learning_rate: float = 0.05
    share: float = 0.3
    stride: int = 4
    threads: int = 1

    def fit(self, lesson: Lesson) -> bytes:
        """Train; the booster as LightGBM's own text."""
        import lightgbm

        stride = min(self.stride, len(lesson.eras))
        eras = sorted(lesson.eras, reverse=True)[lesson.seed % stride :: stride]
        count = len(lesson.history.features(eras[0]))
        columns = np.arange(count) if self.columns is None else np.array(self.columns)
        blocks = [lesson.history.features(era)[columns].T.astype(np.float32) for era in eras]
        labels = lesson.labels(eras)
        parameters: dict[str, Any] = {
            "objective": "regression",
            "learning_rate": self.learning_rate,
            "max_depth": self.depth,
            "num_leaves": 2**self.depth - 1,
            "feature_fraction": self.share,
            "min_data_in_leaf": max(10, min(1000, len(labels) // LEAVES_PER_ROWS)),
            "min_data_in_bin": 1,
            "max_bin": 7,
            "bin_construct_sample_cnt": 20_000,
            "feature_pre_filter": False,
            "force_col_wise": True,
            "deterministic": True,
            "num_threads": self.threads,
            "seed": lesson.seed,
            "verbosity": -1,
        }
        names = [f"f{column}" for column in columns.tolist()]
        data = lightgbm.Dataset(
            blocks, label=labels, params=parameters, feature_name=names, free_raw_data=True
        )
        booster = lightgbm.train(parameters, data, num_boost_round=self.rounds)
        text: str = booster.model_to_string()
        return text.encode()

    def forecaster(self, learnt: bytes) -> Forecaster:
        """The booster of the text."""
        return TreesForecaster(learnt.decode())


@dataclass(frozen=True)
class TreesForecaster:
    """Scores are the sums of the trees' leaves."""

    text: str

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self.text)

    def scores(self, view: LiveView) -> ScoreArray:
        """(stocks,) expected targets."""
        columns = [int(name[1:]) for name in self._booster.feature_name()]
        rows = view.features[columns].T.astype(np.float32)
        scores: ScoreArray = self._booster.predict(rows, num_threads=1)
        return scores


@dataclass(frozen=True)
class Ridge:
    """Least squares with a penalty, in closed form.

    columns: indices of features; penalty: per row; last_eras: how many recent eras it believes in
    """

    columns: tuple[int, ...]
    penalty: float = 0.5
    last_eras: int | None = None

    def fit(self, lesson: Lesson) -> bytes:
        """Solve; sums of integers are exact in float32, so nothing depends on threads."""
        eras = list(lesson.eras)[-self.last_eras :] if self.last_eras else lesson.eras
        width = len(self.columns)
        gram, product, rows = np.zeros((width, width)), np.zeros(width), 0
        for era in eras:
            block = lesson.history.features(era)
            centred = (block[list(self.columns)] - MIDDLE).astype(np.float32)
            codes = (lesson.history.target(era, lesson.target) - MIDDLE).astype(np.float32)
            gram += centred @ centred.T
            product += centred @ codes
            rows += len(codes)
        factor = cho_factor(gram + self.penalty * rows * np.eye(width))
        weights = np.zeros(len(block))
        weights[list(self.columns)] = cho_solve(factor, product)
        return _weight_bytes(weights)

    def forecaster(self, learnt: bytes) -> Forecaster:
        """The weights of the bytes."""
        return WeightsForecaster(np.frombuffer(learnt))


@dataclass(frozen=True)
class BestFeatures:
    """The few features that looked best in training, in equal parts: the high flyer."""

    count: int = 3

    def fit(self, lesson: Lesson) -> bytes:
        """Pick by |mean covariance with the target|, each with its sign."""
        total: Any = 0
        for era in lesson.eras:
            block = (lesson.history.features(era) - MIDDLE).astype(np.float32)
            codes = (lesson.history.target(era, lesson.target) - MIDDLE).astype(np.float32)
            total = total + (block @ codes).astype(np.float64)
        best = np.argsort(-np.abs(total), kind="stable")[: self.count]
        weights = np.zeros(len(total))
        weights[best] = np.sign(total[best])
        return _weight_bytes(weights)

    def forecaster(self, learnt: bytes) -> Forecaster:
        """The weights of the bytes."""
        return WeightsForecaster(np.frombuffer(learnt))


@dataclass(frozen=True)
class WeightsForecaster:
    """A linear model: weights of all features."""

    weights: ScoreArray

    def scores(self, view: LiveView) -> ScoreArray:
        """(stocks,) weighted sums; exact, because weights are multiples of 2**-30."""
        used = np.flatnonzero(self.weights)
        centred = (view.features[used] - MIDDLE).astype(np.float64)
        scores: ScoreArray = self.weights[used] @ centred
        return scores


@dataclass(frozen=True)
class Noise:
    """Chance, fresh in every era."""

    seed: int
    number: int

    def fit(self, lesson: Lesson) -> bytes:
        """Learn nothing."""
        return b""

    def forecaster(self, learnt: bytes) -> Forecaster:
        """Itself."""
        return self

    def scores(self, view: LiveView) -> ScoreArray:
        """(stocks,) standard normal."""
        random = stream(self.seed, Purpose.rival_noise, view.era * 1024 + self.number)
        return random.standard_normal(view.features.shape[1])


@dataclass(frozen=True)
class BenchmarkCopy:
    """Hands in one of the organiser's models."""

    model: int = 0

    def fit(self, lesson: Lesson) -> bytes:
        """Learn nothing."""
        return b""

    def forecaster(self, learnt: bytes) -> Forecaster:
        """Itself."""
        return self

    def scores(self, view: LiveView) -> ScoreArray:
        """(stocks,) its ranks."""
        return view.benchmarks[self.model]


def _weight_bytes(weights: ScoreArray) -> bytes:
    return (np.rint(weights / WEIGHT_UNIT) * WEIGHT_UNIT).tobytes()
