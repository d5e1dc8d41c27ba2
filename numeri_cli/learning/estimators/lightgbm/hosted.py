"""A LightGBM member in a hosted model: its text, of which the image's own library makes a booster.

Functions here are pickled by value and import what they need where they run.
"""

from __future__ import annotations

from typing import Any

import numpy as np

END_OF_TREES = "end of trees"


def held(content: bytes) -> str:
    """What the pickle holds of a member's file: the text up to the end of its trees."""
    return content.decode().partition(END_OF_TREES)[0] + END_OF_TREES + "\n"


def predictions(held: str, rows: Any) -> Any:
    """(n,) raw predictions of (n, features) float32 rows, columns in the order of the training."""
    import lightgbm

    booster = lightgbm.Booster(model_str=held)
    return np.asarray(booster.predict(rows, num_threads=1), dtype=np.float64)
