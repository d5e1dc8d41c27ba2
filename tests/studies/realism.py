"""The figures of the default world that stand in the docstring of `practice/market/market.py`.

    python -m tests.studies.realism [FOLDER]

FOLDER holds a world, or one is made there; without it, in a temporary folder.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from numeri_cli.practice.market.market import RETURN_UNIT
from numeri_cli.practice.market.universe import PURGE_ERAS, WorldSettings
from numeri_cli.practice.world.archive import resolved_eras
from numeri_cli.practice.world.world import World
from numeri_cli.scoring.scores import corr

YEAR_DAYS = 252


@contextmanager
def the_world() -> Iterator[World]:
    """The world of the command line."""
    if len(sys.argv) > 1:
        root = Path(sys.argv[1])
        exists = (root / "world.json").exists()
        yield World.open(root) if exists else World.create(root, WorldSettings())
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield World.create(Path(folder) / "world", WorldSettings())


def report_returns(world: World) -> None:
    """Volatility, tails, correlation."""
    days = np.load(world.root / "base" / "returns.npy").reshape(-1, world.settings.stocks)
    returns = days * RETURN_UNIT
    index = returns.mean(axis=1)
    kurtosis = ((index - index.mean()) ** 4).mean() / index.var() ** 2
    print(
        f"index volatility a year       {index.std() * YEAR_DAYS**0.5:.3f}, kurtosis {kurtosis:.1f}"
    )
    print(f"median stock volatility       {np.median(returns.std(axis=0)) * YEAR_DAYS**0.5:.3f}")
    some = np.corrcoef(returns[:, :400].T)
    print(f"correlation of two stocks     {some[np.triu_indices(400, 1)].mean():.3f}")


def report_features(world: World) -> None:
    """Families, persistence, missing eras; in order of stocks, which only the store knows."""
    archive, plan = world.era_records.archive, world.era_records.definition.features
    last = world.settings.eras
    features = {lag: archive.read("features", last - lag).astype(float) for lag in (0, 1, 4, 52)}
    alike = np.abs(np.corrcoef(features[0]))
    above = np.triu(np.ones(alike.shape, dtype=bool), 1)
    family = plan.characteristic[:, None] == plan.characteristic
    print(f"|corr| in a family            {alike[above & family].mean():.3f}")
    print(f"|corr| across families        {alike[above & ~family].mean():.3f}")
    for lag in (1, 4, 52):
        pairs = zip(features[0], features[lag], strict=True)
        persists = [np.corrcoef(now, then)[0, 1] for now, then in pairs]
        print(f"autocorrelation, {lag:2d} eras      {np.mean(persists):.3f}")
    missing = np.mean((plan.first_era - 1) / last)
    late = np.mean(plan.first_era > 1)
    print(f"share of all-2 feature-eras   {missing:.4f}, of {late:.3f} features")


def report_scores(world: World) -> None:
    """CORR of the organiser's and the meta model on the validation eras, purged and resolved."""
    settings = world.settings
    for days in (20, 60):
        target = f"target_ender_{days}"
        first = settings.train_eras + 1
        eras = range(first + PURGE_ERAS[days], resolved_eras(world.live_era, days) + 1)
        columns: dict[str, list[float]] = {}
        for era in eras:
            predictions = {
                **world.benchmark_predictions(era),
                "meta model": world.meta_model(era),
            }
            for name, values in predictions.items():
                columns.setdefault(name, []).append(corr(values, world.target(era, name=target)))
        for name, scores in columns.items():
            mean, std = np.mean(scores), np.std(scores)
            print(f"{target} {name:18s} CORR {mean:+.4f} std {std:.4f}, {len(scores)} eras")
    both = [
        np.corrcoef(world.target(era, "target_ender_20"), world.target(era, "target_ender_60"))
        for era in range(1, settings.train_eras, 8)
    ]
    print(f"correlation of both targets   {np.mean([one[0, 1] for one in both]):.3f}")


if __name__ == "__main__":
    with the_world() as made:
        report_returns(made)
        report_features(made)
        report_scores(made)
