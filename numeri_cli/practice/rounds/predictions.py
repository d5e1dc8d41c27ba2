"""What everybody had in a round: rivals' predictions from the world, others' from their files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from numeri_cli.practice.folders import Folders
from numeri_cli.practice.participants.check import read_aligned
from numeri_cli.practice.rounds.settlement import (
    FloatArray,
    ModelInRound,
)
from numeri_cli.practice.world.world import World


def predictions_of(
    world: World, folders: Folders, number: int, *, entries: Sequence[ModelInRound]
) -> FloatArray:
    """(n_ids, n_entries) in the order of the round's ids."""
    ids = world.live_ids(number)
    rivals = world.rival_predictions(number)
    columns = [
        rivals[entry.model_name]
        if entry.submission_id is None
        else read_aligned(folders.submission(entry.submission_id, entry.filename or ""), ids)
        for entry in entries
    ]
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])
