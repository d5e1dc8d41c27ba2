"""Training with the other engines: what `training.py` measures of XGBoost, CatBoost and batches."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.measure import Outputs
from tests.benchmarks.wide_data import TARGET, feature_names

XGBOOST: dict[str, Any] = {
    "n_estimators": 20,
    "learning_rate": 0.01,
    "max_depth": 5,
    "colsample_bytree": 0.1,
    "random_state": 1,
}
CATBOOST: dict[str, Any] = {
    "iterations": 20,
    "learning_rate": 0.01,
    "depth": 5,
    "random_seed": 1,
}
SGD: dict[str, Any] = {"eta0": 1e-7, "random_state": 1}


def ours_content(
    path: Path,
    features: int,
    folder: Path,
    *,
    name: str,
    params: Mapping[str, Any],
    paged: bool | None = None,
) -> bytes:
    """A trained member's bytes; paged: with XGBoost's bins in pages on disk."""
    trainer, task = _trainer(path, features, folder, name=name, params=params, paged=paged)
    return bytes(trainer.train(task).content)


def _trainer(
    path: Path,
    features: int,
    folder: Path,
    *,
    name: str,
    params: Mapping[str, Any],
    paged: bool | None = None,
) -> tuple[Any, Any]:
    """Rows taken in as a training does, from the opening of the file on; and a member's task."""
    from numeri_cli.dataset.parquet import DataFile
    from numeri_cli.files import digest_file
    from numeri_cli.learning.estimators.base import MemberTask, TrainingSettings, make_estimator
    from numeri_cli.learning.rows import open_sources, rows_of_eras, with_target
    from numeri_cli.model_spec import EstimatorSpec, ModelSpec

    data = DataFile.open(path)
    digest = digest_file(path, remembered_in=folder / "digests.json")
    sources = open_sources([(data, digest)])
    chosen = with_target(rows_of_eras(sources, sources[0].eras), TARGET)
    estimator: Any = make_estimator(EstimatorSpec(name=name, params=dict(params)))
    if paged is not None:
        estimator = replace(estimator, paged=paged)
    settings = TrainingSettings(
        spec=ModelSpec(seeds=(1,)),
        features=feature_names(features),
        cache=folder / "cache",
        unfinished=folder / "unfinished",
    )
    task = MemberTask(label=name, target=TARGET, seed=1, rows=chosen, weights=None)
    return estimator.trainer(chosen.rows, settings), task


ANONYMOUS = "anonymous.txt"


@contextmanager
def anonymous_memory(folder: Path) -> Iterator[None]:
    """Note the most anonymous memory while the block runs: mapped pages do not count in it."""
    over = threading.Event()
    most = [0.0]

    def watch() -> None:
        while not over.wait(0.05):
            status = Path("/proc/self/status").read_text()
            most[0] = max(most[0], int(status.partition("RssAnon:")[2].split()[0]) / 1024)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        (folder / ANONYMOUS).write_text(str(most[0]))


def anonymous_figures(folder: Path) -> Mapping[str, float]:
    """What was noted."""
    return {"anonymous_mb": float((folder / ANONYMOUS).read_text())}


def digest_of(content: bytes) -> Outputs:
    """What both sides have to agree on, byte for byte."""
    return {"digest": np.frombuffer(hashlib.sha256(content).digest(), dtype=np.uint8)}


def ours_xgboost(
    path: Path, features: int, folder: Path, *, paged: bool | None = None, trees: int = 20
) -> Outputs:
    """So many trees."""
    import xgboost

    params = XGBOOST | {"n_estimators": trees}
    with anonymous_memory(folder):
        content = ours_content(path, features, folder, name="xgboost", params=params, paged=paged)
    booster = xgboost.Booster(model_file=bytearray(content))
    return digest_of("".join(booster.get_dump()).encode())


def ours_xgboost_built(path: Path, features: int, folder: Path) -> Outputs:
    """All that comes before the first tree."""
    trainer, _ = _trainer(path, features, folder, name="xgboost", params=XGBOOST)
    return {"rows": np.array([trainer.matrix.num_row()])}


def peer_xgboost(path: Path, features: int, _: Path) -> Outputs:
    """As people have it: pandas, XGBRegressor.fit."""
    import pandas as pd
    import xgboost

    names = list(feature_names(features))
    train = pd.read_parquet(path, columns=[*names, TARGET])
    model = xgboost.XGBRegressor(**XGBOOST).fit(train[names], train[TARGET])
    return digest_of("".join(model.get_booster().get_dump()).encode())


def peer_xgboost_built(path: Path, features: int, _: Path) -> Outputs:
    """The library's own frugal matrix, of a frame."""
    import pandas as pd
    import xgboost

    names = list(feature_names(features))
    train = pd.read_parquet(path, columns=[*names, TARGET])
    matrix = xgboost.QuantileDMatrix(train[names], label=train[TARGET])
    return {"rows": np.array([matrix.num_row()])}


def ours_catboost(path: Path, features: int, folder: Path, *, trees: int = 20) -> Outputs:
    """So many trees."""
    import catboost

    params = CATBOOST | {"iterations": trees}
    with anonymous_memory(folder):
        content = ours_content(path, features, folder, name="catboost", params=params)
    model = catboost.CatBoost()
    model.load_model(blob=content)
    return {"leaves": np.asarray(model.get_leaf_values())}


def peer_catboost(path: Path, features: int, folder: Path) -> Outputs:
    """As people have it: pandas, CatBoostRegressor.fit."""
    import catboost
    import pandas as pd

    names = list(feature_names(features))
    train = pd.read_parquet(path, columns=[*names, TARGET])
    model = catboost.CatBoostRegressor(
        **CATBOOST, verbose=False, train_dir=str(folder / "catboost_info")
    )
    model.fit(train[names], train[TARGET])
    return {"leaves": np.asarray(model.get_leaf_values())}


def ours_batches(path: Path, features: int, folder: Path) -> Outputs:
    """One pass of SGDRegressor over the stream."""
    name = "sklearn.linear_model:SGDRegressor"
    with anonymous_memory(folder):
        content = ours_content(path, features, folder, name=name, params=SGD)
    return {"bytes": np.array([len(content) > 0])}
