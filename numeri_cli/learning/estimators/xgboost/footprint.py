"""What a training with XGBoost takes of memory and disk; known without importing the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numeri_cli.learning.memory import Footprint, TrainingShape

DEFAULT_DEPTH = 6
DEFAULT_BINS = 256
PROCESS_BYTES = 225_000_000
CELL_BYTES = 2.13  # the bin of each cell by rows and by columns
ROW_BYTES = 160  # gradients, predictions, labels, weights, positions in the tree
BATCHES_BYTES = 30_000_000
PAGE_BYTES = 256 * 2**20
FIVE_BINS = 6


def staged_disk_bytes(shape: TrainingShape) -> float:
    """The rows as they lie on disk while the training goes on."""
    return shape.rows * shape.features * (1 if shape.five_valued else 4)


def peak_bytes(shape: TrainingShape, *, depth: int = DEFAULT_DEPTH) -> float:
    """The most that a training holds at once, the process itself included.

    depth: of a tree; each node of its last level keeps a histogram of every feature
    """
    cells = shape.rows * shape.features * CELL_BYTES
    return PROCESS_BYTES + cells + _beside(shape, depth)


def paged_peak_bytes(shape: TrainingShape, *, depth: int = DEFAULT_DEPTH) -> float:
    """What a training holds whose cells lie in pages on disk."""
    pages = 3 * min(PAGE_BYTES, shape.rows * shape.features)
    return PROCESS_BYTES + pages + _beside(shape, depth)


def _beside(shape: TrainingShape, depth: int) -> float:
    bins = FIVE_BINS if shape.five_valued else DEFAULT_BINS
    histograms = (1 << min(depth, 12)) * shape.features * bins * 16
    return histograms + shape.rows * ROW_BYTES + BATCHES_BYTES


def depth_of(params: Mapping[str, Any]) -> int:
    """How deep a tree becomes; that of the library's default where none is given."""
    depth = params.get("max_depth", DEFAULT_DEPTH)
    return depth if isinstance(depth, int) and depth > 0 else DEFAULT_DEPTH


def footprint(params: Mapping[str, Any], shape: TrainingShape) -> Footprint:
    """What a training with these parameters takes of memory and disk."""
    own, depth = shape.chosen, depth_of(params)
    beside = shape.held_out_rows * shape.features * 4
    return Footprint(
        memory_bytes=peak_bytes(own, depth=depth) + beside,
        disk_bytes=staged_disk_bytes(own),
        least_bytes=paged_peak_bytes(own, depth=depth) + beside,
    )
