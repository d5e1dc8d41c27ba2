"""The models of a world, trained and kept: the rivals' and the organiser's, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.archive import Archive
from numeri_cli.practice.benchmarks import (
    BENCHMARKS,
    Benchmark,
    benchmark_forecaster,
    chunk_of,
    train_benchmark,
)
from numeri_cli.practice.forecasters import Forecaster, LiveView
from numeri_cli.practice.obfuscation import FeatureArray
from numeri_cli.practice.rivals import Rival
from numeri_cli.practice.targets import HORIZONS_DAYS, SCHEMES, CodeArray, horizon_of, target_name
from numeri_cli.scoring.ranks import rank_average

RankArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ArchiveHistory:
    """The history as a model may learn from it, in order of stocks."""

    archive: Archive

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


@dataclass(frozen=True)
class TrainedField:
    """Trains what is to be trained and asks the trained; ranks are from 1, in order of stocks."""

    archive: Archive
    rivals: tuple[Rival, ...]
    _forecasters: dict[str, Forecaster] = field(default_factory=dict)

    def lessons(self) -> Iterator[Callable[[], None]]:
        """Everything to be trained before the history's last era, each alone, in any order."""
        settings = self.archive.settings
        for chunk in range(chunk_of(settings, settings.eras), 0, -1):
            for benchmark in BENCHMARKS:
                yield partial(self.train_benchmark, benchmark, chunk)
        for rival in self.rivals:
            yield partial(self._train_rival, rival)

    def train_benchmark(self, benchmark: Benchmark, chunk: int) -> None:
        """Train the organiser's model of a chunk."""
        history = ArchiveHistory(self.archive)
        learnt = train_benchmark(self.archive.settings, history, benchmark, chunk=chunk)
        self.archive.write_model(_benchmark_file(benchmark, chunk), learnt)

    def prepare(self, era: int) -> None:
        """Train the organiser's models where `era` begins a chunk."""
        settings = self.archive.settings
        if chunk_of(settings, era) != chunk_of(settings, era - 1):
            for benchmark in BENCHMARKS:
                self.train_benchmark(benchmark, chunk_of(settings, era))

    def benchmark_ranks(self, era: int, features: FeatureArray) -> RankArray:
        """(benchmarks, stocks)."""
        chunk = chunk_of(self.archive.settings, era)
        view = LiveView(era, features, np.empty((0, features.shape[1])))
        ranks = []
        for benchmark in BENCHMARKS:
            forecaster = self._forecaster(_benchmark_file(benchmark, chunk), benchmark_forecaster)
            ranks.append(rank_average(forecaster.scores(view)))
        return np.stack(ranks).astype(np.float32)

    def rival_ranks(self, view: LiveView) -> RankArray:
        """(rivals, stocks)."""
        ranks = []
        for rival in self.rivals:
            forecaster = self._forecaster(_rival_file(rival), rival.technique.forecaster)
            ranks.append(rank_average(rival.scores(forecaster, view)))
        return np.stack(ranks).astype(np.float32)

    def _train_rival(self, rival: Rival) -> None:
        learnt = rival.train(self.archive.settings, ArchiveHistory(self.archive))
        self.archive.write_model(_rival_file(rival), learnt)

    def _forecaster(self, name: str, make: Callable[[bytes], Forecaster]) -> Forecaster:
        if name not in self._forecasters:
            self._forecasters[name] = make(self.archive.read_model(name))
        return self._forecasters[name]


def _benchmark_file(benchmark: Benchmark, chunk: int) -> str:
    return f"benchmarks/{chunk:04d}-{benchmark.name}"


def _rival_file(rival: Rival) -> str:
    return f"rivals/{rival.name}"
