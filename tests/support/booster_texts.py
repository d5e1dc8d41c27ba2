"""Small LightGBM models as the library writes them."""

from __future__ import annotations

import numpy as np

from numeri_cli.learning.estimators.lightgbm.library import lgb

FEATURES = tuple(f"feature_{number}" for number in range(4))


def grown(**params: object) -> str:
    """Three trees of a thousand rows, with these parameters beside or instead of our own."""
    generator = np.random.default_rng(1)
    rows = generator.integers(0, 5, (1_000, 4)).astype(float)
    labels = rows[:, 0] * 0.1 + generator.normal(size=1_000)
    given = {"verbosity": -1, "num_leaves": 6, "seed": 1, "num_threads": 1, **params}
    data = lgb.Dataset(rows, label=labels, feature_name=list(FEATURES))
    return str(lgb.train(given, data, 3).model_to_string())
