"""An XGBoost member in a hosted model: its UBJ, which the image's own library reads.

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
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(held))
    booster.set_param({"device": "cpu", "nthread": 1})
    return np.asarray(booster.inplace_predict(rows), dtype=np.float64)
