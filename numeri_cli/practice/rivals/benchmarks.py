"""The organiser's own models: LightGBM per target, trained walk-forward in chunks of eras.

Chunk k predicts the eras after k · chunk_eras with a model trained on all eras up to there, less
the purge. Numerai's chunks are 156 of some 1,200 eras; those of a practice world are half of train.
"""

from __future__ import annotations

from dataclasses import dataclass

from numeri_cli.practice.market.random_streams import Purpose, derived_seed
from numeri_cli.practice.market.targets import horizon_of
from numeri_cli.practice.market.universe import PURGE_ERAS, WorldSettings
from numeri_cli.practice.rivals.technique import FitData, Forecaster, TrainingHistory
from numeri_cli.practice.rivals.trees import Trees


@dataclass(frozen=True)
class Benchmark:
    """One model of the organiser: its column in the files and its target."""

    name: str
    target: str


BENCHMARKS = (
    Benchmark("v53_lgbm_ender20", "target_ender_20"),
    Benchmark("v53_lgbm_ender60", "target_ender_60"),
)
TECHNIQUE = Trees(rounds=80, depth=5, learning_rate=0.07, share=0.1, bagging=1.0)


def chunk_of(settings: WorldSettings, era: int) -> int:
    """The number of the chunk that `era` is predicted in; 0 has no model."""
    return (era - 1) // settings.chunk_eras


def train_benchmark(
    settings: WorldSettings, history: TrainingHistory, *, benchmark: Benchmark, chunk: int
) -> bytes:
    """The model that predicts a chunk's eras, as bytes for `benchmark_forecaster`."""
    last = chunk * settings.chunk_eras - PURGE_ERAS[horizon_of(benchmark.target)]
    moment = chunk * len(BENCHMARKS) + BENCHMARKS.index(benchmark)
    seed = derived_seed(settings.seed, Purpose.benchmarks, moment)
    return TECHNIQUE.fit(
        FitData(history=history, eras=range(1, last + 1), target=benchmark.target, seed=seed)
    )


def benchmark_forecaster(learnt: bytes) -> Forecaster:
    """The model of the bytes."""
    return TECHNIQUE.forecaster(learnt)
