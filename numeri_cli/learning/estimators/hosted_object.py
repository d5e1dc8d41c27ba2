"""A member of somebody's class in a hosted model: the object itself, its class by value.

Functions here are pickled by value and import what they need where they run.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def held(content: bytes) -> Any:
    """What the pickle holds of a member's file: the object that joblib wrote.

    Opening it runs code, so that it is done only with what this machine trained.
    """
    import io

    import joblib

    return joblib.load(io.BytesIO(content))


def predictions(held: Any, rows: Any) -> Any:
    """(n,) raw predictions, from a copy of the rows, which other members predict from, too."""
    found = np.asarray(held.predict(rows.copy()), dtype=np.float64)
    if found.size != len(rows):
        raise ValueError(f"an array of shape {found.shape} was predicted for {len(rows)} rows")
    return found.reshape(-1)
