"""What a training with LightGBM takes of memory and disk; known without importing the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numeri_cli.learning.memory import Footprint, TrainingShape

DEFAULT_LEAVES = 31
BINNED_COLUMNS = 64  # of a block, binned at a time
# Measured at 300,000 to 2,746,268 rows and 128 to 3,555 features, and held to by a test
PROCESS_BYTES = 180_000_000
BINNED_CELL_BYTES = {True: 0.5, False: 1.0}  # five values fit half a byte, 255 bins one
BLOCK_CELL_BYTES = {True: 2.7, False: 9.0}  # of the block that is binned, as read and as copied
ROW_BYTES = 80  # eras, gradients, hessians, scores, labels, weights, row indices
COPIED_CELL_BYTES = 1.2  # of the rows of one window, chosen out of the binned ones
HELD_OUT_CELL_BYTES = 4.2  # float32, and the part that is predicted at a time
_KEPT_SHARE = 1.1  # of a file on disk, over what it takes of memory
_LEAVES = ("num_leaves", "num_leaf", "max_leaves", "max_leaf", "max_leaf_nodes")


def binned_bytes(shape: TrainingShape) -> float:
    """The binned rows in memory."""
    return shape.rows * shape.features * BINNED_CELL_BYTES[shape.five_valued]


def kept_bytes(shape: TrainingShape) -> float:
    """The binned rows in the cache on disk."""
    return binned_bytes(shape) * _KEPT_SHARE


def peak_bytes(shape: TrainingShape, *, leaves: int = DEFAULT_LEAVES) -> float:
    """The most that a training holds at once, the process itself included.

    leaves: of a tree; each keeps a histogram of every feature
    """
    bins = 6 if shape.five_valued else 256
    histograms = leaves * shape.features * bins * 16
    columns = min(BINNED_COLUMNS, shape.features)
    block = columns * BLOCK_CELL_BYTES[shape.five_valued]
    scores = (shape.rows + shape.held_out_rows) * ROW_BYTES
    copied = shape.copied_rows * shape.features * COPIED_CELL_BYTES
    held_out = shape.held_out_rows * (shape.features * HELD_OUT_CELL_BYTES + block)
    growing = copied + held_out + histograms
    return PROCESS_BYTES + binned_bytes(shape) + scores + max(shape.rows * block, growing)


def footprint(params: Mapping[str, Any], shape: TrainingShape) -> Footprint:
    """What a training with these parameters takes of memory and disk."""
    given = next((params[name] for name in _LEAVES if name in params), None)
    leaves = given if isinstance(given, int) else DEFAULT_LEAVES
    return Footprint(memory_bytes=peak_bytes(shape, leaves=leaves), disk_bytes=kept_bytes(shape))
