"""The models of a world, trained and kept: the rivals' and the organiser's, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from threading import Lock

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.market.features import FeatureArray
from numeri_cli.practice.market.targets import SCHEMES, CodeArray, horizon_of, target_name
from numeri_cli.practice.market.universe import PURGE_ERAS
from numeri_cli.practice.rivals.benchmarks import (
    BENCHMARKS,
    Benchmark,
    benchmark_forecaster,
    chunk_of,
    train_benchmark,
)
from numeri_cli.practice.rivals.rivals import Rival, submitted_scores
from numeri_cli.practice.rivals.technique import Forecaster, LiveView, ScoreArray, TrainingHistory
from numeri_cli.practice.rivals.trees import BinnedEras
from numeri_cli.practice.world.archive import Archive, damaged
from numeri_cli.scoring.ranks import rank_average

RankArray = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class ArchiveHistory:
    """The history as a model may learn from it, in order of stocks; safe in several threads."""

    archive: Archive
    last_era: int
    _binned: list[BinnedEras] = field(default_factory=list)
    _binning: Lock = field(default_factory=Lock)

    def features(self, era: int) -> FeatureArray:
        """(features, stocks) in 0–4."""
        features: FeatureArray = self.archive.read("features", era)
        return features

    def target(self, era: int, name: str) -> CodeArray:
        """(stocks,) in 0–4; the era must be resolved."""
        days = horizon_of(name)
        row = [target_name(scheme, days) for scheme in SCHEMES].index(name)
        codes: CodeArray = self.archive.read(f"targets_{days}", era)[row]
        return codes

    def binned(self) -> BinnedEras:
        """Every so manieth era up to `last_era`; made when first asked for."""
        with self._binning:
            if not self._binned:
                eras = range(1, self.last_era + 1, self.archive.settings.era_stride)
                self._binned.append(BinnedEras.build(self, eras))
            return self._binned[0]


@dataclass(frozen=True, kw_only=True)
class TrainedField:
    """Trains what is to be trained and asks the trained; ranks are from 1, in order of stocks."""

    archive: Archive
    rivals: tuple[Rival, ...]
    _forecasters: dict[str, Forecaster] = field(default_factory=dict)

    def trainings(self) -> Iterator[Callable[[], None]]:
        """Everything to be trained before the history's last era, each alone, in any order."""
        settings = self.archive.settings
        chunks = chunk_of(settings, settings.eras)
        history = self._history(chunks)
        for chunk in range(chunks, 0, -1):
            for benchmark in BENCHMARKS:
                yield partial(self._train_benchmark, benchmark, chunk, history=history)
        for rival in self.rivals:
            yield partial(self._train_rival, rival, history)

    def prepare(self, era: int) -> None:
        """Train the organiser's models where `era` begins a chunk."""
        settings = self.archive.settings
        if chunk_of(settings, era) != chunk_of(settings, era - 1):
            chunk = chunk_of(settings, era)
            history = self._history(chunk)
            for benchmark in BENCHMARKS:
                self._train_benchmark(benchmark, chunk, history=history)

    def ranks(self, eras: tuple[int, ...], features: FeatureArray) -> tuple[RankArray, RankArray]:
        """(benchmarks, rows) and (rivals, rows) of eras of one chunk after train."""
        benchmarks = self.benchmark_ranks(eras, features)
        view = LiveView(eras=eras, features=features, benchmarks=benchmarks.astype(np.float64))
        return benchmarks, self._rival_ranks(view)

    def benchmark_ranks(self, eras: tuple[int, ...], features: FeatureArray) -> RankArray:
        """(benchmarks, rows) of eras of one chunk; features: (features, rows)."""
        view = LiveView(eras=eras, features=features, benchmarks=np.empty((0, features.shape[1])))
        chunk = chunk_of(self.archive.settings, eras[0])
        scores = [
            self._forecaster(_benchmark_file(model, chunk), benchmark_forecaster).scores(view)
            for model in BENCHMARKS
        ]
        return _ranks(np.stack(scores), view)

    def _rival_ranks(self, view: LiveView) -> RankArray:
        forecasters = [
            self._forecaster(_rival_file(rival), rival.technique.forecaster)
            for rival in self.rivals
        ]
        return _ranks(submitted_scores(self.rivals, forecasters, view=view), view)

    def _history(self, chunk: int) -> ArchiveHistory:
        """The history that the models of a chunk, and the rivals, learn from."""
        settings = self.archive.settings
        last = chunk * settings.chunk_eras - min(PURGE_ERAS.values())
        return ArchiveHistory(archive=self.archive, last_era=max(last, settings.rival_eras))

    def _train_benchmark(
        self, benchmark: Benchmark, chunk: int, *, history: TrainingHistory
    ) -> None:
        learnt = train_benchmark(self.archive.settings, history, benchmark=benchmark, chunk=chunk)
        self.archive.write_model(_benchmark_file(benchmark, chunk), learnt)

    def _train_rival(self, rival: Rival, history: TrainingHistory) -> None:
        learnt = rival.train(self.archive.settings, history)
        self.archive.write_model(_rival_file(rival), learnt)

    def _forecaster(self, name: str, make: Callable[[bytes], Forecaster]) -> Forecaster:
        if name not in self._forecasters:
            try:
                self._forecasters[name] = make(self.archive.read_model(name))
            except ValueError as error:
                raise damaged(self.archive.root, f"models/{name} is unsound: {error}") from error
        return self._forecasters[name]


def _ranks(scores: ScoreArray, view: LiveView) -> RankArray:
    """Ranks from 1 within each era."""
    ranks = [rank_average(scores[:, part].T).T for part in view.parts]
    return np.concatenate(ranks, axis=1).astype(np.float32)


def _benchmark_file(benchmark: Benchmark, chunk: int) -> str:
    return f"benchmarks/{chunk:04d}-{benchmark.name}"


def _rival_file(rival: Rival) -> str:
    return f"rivals/{rival.name}"
