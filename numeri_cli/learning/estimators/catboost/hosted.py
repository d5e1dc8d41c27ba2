"""A CatBoost member in a hosted model: its cbm, which the image's own library reads.

Functions here are pickled by value and import what they need where they run.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def held(content: bytes) -> bytes:
    """What the pickle holds of a member's file: all of it."""
    return content


def predictions(held: bytes, rows: Any) -> Any:
    """(n,) raw predictions of (n, features) float32 rows, columns in the order of the training."""
    import catboost

    model = catboost.CatBoost()
    model.load_model(blob=held)
    return np.asarray(model.predict(rows, thread_count=1), dtype=np.float64)
