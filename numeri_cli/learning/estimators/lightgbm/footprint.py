"""What a training with LightGBM takes of memory and disk; known without importing the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numeri_cli.learning.memory import Footprint, TrainingShape

DEFAULT_LEAVES = 31
BINNED_COLUMNS = 64  # of a block, binned at a time
PROCESS_BYTES = 240_000_000
BINNED_CELL_BYTES = {True: 0.5, False: 1.0}  # five values fit half a byte, 255 bins one
ROW_BYTES = 80  # gradients, hessians, scores, labels, weights, row indices
BLOCK_CELL_BYTES = 3
_LEAVES = ("num_leaves", "num_leaf", "max_leaves", "max_leaf", "max_leaf_nodes")


def binned_bytes(shape: TrainingShape) -> float:
    """The binned rows, in memory and in the cache on disk."""
    return shape.rows * shape.features * BINNED_CELL_BYTES[shape.five_valued]


def peak_bytes(shape: TrainingShape, *, leaves: int = DEFAULT_LEAVES) -> float:
    """The most that a training holds at once, the process itself included.

    leaves: of a tree; each keeps a histogram of every feature
    """
    bins = 6 if shape.five_valued else 256
    histograms = leaves * shape.features * bins * 16
    block = shape.rows * min(BINNED_COLUMNS, shape.features) * BLOCK_CELL_BYTES
    scores = shape.rows * ROW_BYTES
    return PROCESS_BYTES + binned_bytes(shape) + max(block, histograms) + scores


def footprint(params: Mapping[str, Any], shape: TrainingShape) -> Footprint:
    """What a training with these parameters takes of memory and disk."""
    given = next((params[name] for name in _LEAVES if name in params), None)
    leaves = given if isinstance(given, int) else DEFAULT_LEAVES
    return Footprint(memory_bytes=peak_bytes(shape, leaves=leaves), disk_bytes=binned_bytes(shape))
