"""What a training with CatBoost takes of memory; known without importing the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numeri_cli.learning.memory import Footprint, TrainingShape

PROCESS_BYTES = 215_000_000
BYTE_CELL_BYTES = 1.0  # as the file has it, which the pool does not copy
FLOAT_CELL_BYTES = 4.0
BINNED_CELL_BYTES = 1.3  # a byte, and what the library's allocator keeps of its binning
ROW_BYTES = 170  # approximations, gradients, permutations, labels, weights


def peak_bytes(shape: TrainingShape) -> float:
    """The most that a training holds at once, the process itself included."""
    read = BYTE_CELL_BYTES if shape.five_valued else FLOAT_CELL_BYTES
    cells = shape.rows * shape.features * (read + BINNED_CELL_BYTES)
    return PROCESS_BYTES + cells + shape.rows * ROW_BYTES


def held_out_bytes(rows: int, *, features: int) -> float:
    """What the held-out rows take: the matrix, and the pool's own order of it."""
    return rows * features * 8.0


def footprint(params: Mapping[str, Any], shape: TrainingShape) -> Footprint:
    """What a training takes of memory, whatever its parameters; nothing is kept on disk."""
    beside = held_out_bytes(shape.held_out_rows, features=shape.features)
    return Footprint(memory_bytes=peak_bytes(shape.chosen) + beside, disk_bytes=0.0)
