"""The simple techniques: ridge, a few features, chance, a copy; and several techniques together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from numeri_cli.practice.market.random_streams import Purpose, stream
from numeri_cli.practice.rivals.technique import (
    MIDDLE,
    FitData,
    Forecaster,
    LiveView,
    ScoreArray,
    Technique,
)
from numeri_cli.scoring.ranks import rank_average

WEIGHT_UNIT = 2.0**-30  # sums of small integers times such weights are exact in any order
ROWS_PER_BLOCK = 120_000  # few products of large matrices instead of many of small ones


@dataclass(frozen=True, kw_only=True)
class Ridge:
    """Least squares with a penalty, in closed form.

    columns: indices of features; penalty: per row
    every: learns from every so manieth era, since neighbours overlap
    last_eras: how many recent eras it believes in, or None for all
    """

    columns: tuple[int, ...]
    penalty: float = 0.5
    every: int = 4
    last_eras: int | None = None

    def fit(self, fit_data: FitData) -> bytes:
        """Solve; sums of integers are exact in float32, so nothing depends on threads."""
        eras = list(fit_data.eras)[-(self.last_eras or 0) :][:: self.every]
        width, stocks = len(self.columns), fit_data.history.features(eras[0]).shape[1]
        gram, product, rows = np.zeros((width, width)), np.zeros(width), len(eras) * stocks
        block = max(1, ROWS_PER_BLOCK // stocks)
        for start in range(0, len(eras), block):
            centred, codes = fit_data.centred(eras[start : start + block], self.columns)
            gram += centred @ centred.T
            product += centred @ codes
        factor = cho_factor(gram + self.penalty * rows * np.eye(width))
        weights = np.zeros(len(fit_data.history.features(eras[0])))
        weights[list(self.columns)] = cho_solve(factor, product)
        return _weight_bytes(weights)

    def forecaster(self, learnt: bytes) -> Forecaster:
        """The weights of the bytes."""
        return WeightsForecaster(np.frombuffer(learnt))


@dataclass(frozen=True, kw_only=True)
class BestFeatures:
    """The few features that looked best, in equal parts: over all of training, the high flyer.

    columns: indices of the features it looks at, or None for all
    last_eras: how many recent eras it looks at, or None for all
    """

    count: int = 3
    columns: tuple[int, ...] | None = None
    last_eras: int | None = None

    def fit(self, fit_data: FitData) -> bytes:
        """Pick by |mean covariance with the target|, each with its sign."""
        width = len(fit_data.history.features(fit_data.eras[0]))
        columns = range(width) if self.columns is None else self.columns
        total = np.zeros(width)
        for era in list(fit_data.eras)[-(self.last_eras or 0) :]:
            centred, codes = fit_data.centred([era], columns)
            total[list(columns)] += np.einsum("fn,n->f", centred, codes)
        best = np.argsort(-np.abs(total), kind="stable")[: self.count]
        weights = np.zeros(width)
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
        """(rows,) weighted sums; exact, because weights are multiples of 2**-30."""
        used = np.flatnonzero(self.weights)
        centred = (view.features[used] - MIDDLE).astype(np.float64)
        scores: ScoreArray = np.einsum("f,fn->n", self.weights[used], centred)
        return scores


@dataclass(frozen=True)
class Noise:
    """Chance, fresh in every era."""

    seed: int
    number: int

    def fit(self, fit_data: FitData) -> bytes:
        """Learn nothing."""
        return b""

    def forecaster(self, learnt: bytes) -> Forecaster:
        """Itself."""
        return self

    def scores(self, view: LiveView) -> ScoreArray:
        """(rows,) standard normal."""
        draws = []
        for era, part in zip(view.eras, view.parts, strict=True):
            random = stream(self.seed, Purpose.rival_noise, era * 1024 + self.number)
            draws.append(random.standard_normal((part.stop - part.start,)))
        return np.concatenate(draws)


@dataclass(frozen=True)
class BenchmarkCopy:
    """Submits one of the organiser's models."""

    model: int = 0

    def fit(self, fit_data: FitData) -> bytes:
        """Learn nothing."""
        return b""

    def forecaster(self, learnt: bytes) -> Forecaster:
        """Itself."""
        return self

    def scores(self, view: LiveView) -> ScoreArray:
        """(rows,) its ranks."""
        ranks: ScoreArray = view.benchmarks[self.model]
        return ranks


@dataclass(frozen=True)
class RankEnsemble:
    """Several techniques, whose ranks are added up."""

    members: tuple[Technique, ...]

    def fit(self, fit_data: FitData) -> bytes:
        """Fit each; what each has learnt, one after the other behind its length."""
        learnt = [member.fit(fit_data) for member in self.members]
        return b"".join(len(part).to_bytes(8, "little") + part for part in learnt)

    def forecaster(self, learnt: bytes) -> Forecaster:
        """The models of the bytes."""
        members = []
        for member in self.members:
            end = 8 + int.from_bytes(learnt[:8], "little")
            members.append(member.forecaster(learnt[8:end]))
            learnt = learnt[end:]
        return RankEnsembleForecaster(tuple(members))


@dataclass(frozen=True)
class RankEnsembleForecaster:
    """Everybody's ranks together."""

    members: tuple[Forecaster, ...]

    def scores(self, view: LiveView) -> ScoreArray:
        """(rows,) sums of ranks within each era."""
        scores = np.stack([member.scores(view) for member in self.members])
        sums = [rank_average(scores[:, part].T).sum(axis=1) for part in view.parts]
        return np.concatenate(sums)


def _weight_bytes(weights: ScoreArray) -> bytes:
    return (np.rint(weights / WEIGHT_UNIT) * WEIGHT_UNIT).tobytes()
