"""What a training with CatBoost takes of memory; known without importing the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numeri_cli.learning.memory import Footprint, TrainingShape

PROCESS_BYTES = 215_000_000
MATRIX_CELL_BYTES = 4.0  # float32, which the pool does not copy
BINNED_CELL_BYTES = 1.25
ROW_BYTES = 120  # approximations, gradients, permutations, labels, weights


def peak_bytes(shape: TrainingShape) -> float:
    """The most that a training holds at once, the process itself included."""
    cells = shape.rows * shape.features * (MATRIX_CELL_BYTES + BINNED_CELL_BYTES)
    return PROCESS_BYTES + cells + shape.rows * ROW_BYTES


def footprint(params: Mapping[str, Any], shape: TrainingShape) -> Footprint:
    """What a training takes of memory, whatever its parameters; nothing is kept on disk."""
    beside = shape.held_out_rows * shape.features * 8  # the matrix, and the pool's own order of it
    return Footprint(memory_bytes=peak_bytes(shape.chosen) + beside, disk_bytes=0.0)
