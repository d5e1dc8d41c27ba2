"""Prediction of 1,000,000 × 780 rows with 500 trees: the whole table at once, and ours by era.

The peer is what LightGBM's documentation shows: `booster.predict` of the loaded table. Memory is
counted above the imports and the model; ours has to stay within 600 MB, in row groups of 100,000
as in one row group of all rows.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.measure import Case, Outputs, Side, main
from tests.benchmarks.wide_data import TARGET, feature_names, wide_file

FEATURES = 780
TREES = 500
ROWS = {"default": 1_000_000, "v5.3": 1_000_000, "small": 50_000}
REFERENCE = "lightgbm.readthedocs.io, Python introduction, Predicting: bst.predict(data)"


@dataclass(frozen=True)
class Loaded:
    """A booster and the file it is to predict."""

    text: str
    booster: Any
    path: Path


def train_model(rows: int, group_rows: int, folder: Path) -> None:
    """A model of 500 trees from the file's first 20,000 rows."""
    import lightgbm as lgb
    import pyarrow.parquet as pq

    with pq.ParquetFile(wide_file(rows, FEATURES, group_rows)) as file:
        names = [*feature_names(FEATURES), TARGET]
        first = next(file.iter_batches(batch_size=20_000, columns=names)).to_pandas()
    data = lgb.Dataset(first[list(feature_names(FEATURES))], label=first[TARGET])
    params = {"num_leaves": 31, "max_depth": 5, "colsample_bytree": 0.1, "verbosity": -1}
    lgb.train(params, data, TREES).save_model(folder / "model.txt")


def load(rows: int, group_rows: int, folder: Path) -> Loaded:
    """The model, parsed; the data stays where it is."""
    import lightgbm as lgb

    text = (folder / "model.txt").read_text()
    return Loaded(text, lgb.Booster(model_str=text), wide_file(rows, FEATURES, group_rows))


def ours(loaded: Loaded) -> Outputs:
    """Era after era."""
    from numeri_cli.dataset.parquet import DataFile
    from numeri_cli.learning.estimators.lightgbm.estimator import FittedBooster
    from numeri_cli.learning.prediction import FittedModel, raw_predictions
    from numeri_cli.model_spec import ModelSpec

    model = FittedModel(
        name="benchmark",
        data_version="v5.3",
        features=feature_names(FEATURES),
        spec=ModelSpec(),
        members=(FittedBooster(loaded.booster),),
    )
    eras = raw_predictions(model, DataFile.open(loaded.path))
    return {"raw": np.concatenate([era.raw[:, 0] for era in eras])}


def peer(loaded: Loaded) -> Outputs:
    """The whole table."""
    import pandas as pd

    names = list(feature_names(FEATURES))
    table = pd.read_parquet(loaded.path, columns=names)
    return {"raw": np.asarray(loaded.booster.predict(table))}


def cases(scale: str) -> Sequence[Case]:
    """Row groups of 100,000, and one row group."""
    rows = ROWS[scale]
    return [
        Case(
            f"prediction, row groups of {group_rows:,}",
            Side(
                partial(load, rows, group_rows), ours, ("pandas", "numeri_cli.learning.prediction")
            ),
            Side(partial(load, rows, group_rows), peer, ("pandas", "lightgbm")),
            inputs=partial(train_model, rows, group_rows),
            tolerance=1e-12,
            repeats=1,
            memory_above="load",
            environment={"OMP_WAIT_POLICY": "PASSIVE"},  # spinning is CPU time nobody used
            reference=REFERENCE,
        )
        for group_rows in (min(100_000, rows), rows)
    ]


if __name__ == "__main__":
    main(cases)
