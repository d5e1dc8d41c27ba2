"""What predictions are measured by beside the crowd: features and the organiser's models.

The real service's set of stake-weighted benchmark models is not published; here BMC is against the
organiser's one 60-day model, as in diagnostics, and the likeness is to all of the organiser's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.rounds.diagnostics import BENCHMARK, NEUTRALIZED_SET
from numeri_cli.practice.world.world import World
from numeri_cli.scoring.neutral import neutralize

FloatArray = npt.NDArray[np.float64]

NOTHING_LEFT = 1e-10  # of a gaussianized prediction, whose scale is 1; below is rounding


@dataclass(frozen=True, kw_only=True)
class ScoreReferences:
    """What the scores of one round are measured against; ids in the order of its files.

    features: (n_ids, n_features) of the set that FNC is neutral to
    benchmark: (n_ids,) the model of BMC; organisers: (n_ids, n_models) all of the organiser's
    """

    features: npt.NDArray[np.int8]
    benchmark: FloatArray
    organisers: FloatArray

    @classmethod
    def of(cls, world: World, number: int) -> ScoreReferences:
        """Those of a round that is closed."""
        chosen = np.isin(world.feature_names, world.feature_sets[NEUTRALIZED_SET])
        models = world.benchmark_predictions(number)
        return cls(
            features=world.features(number)[chosen].T,
            benchmark=models[BENCHMARK],
            organisers=np.column_stack(list(models.values())),
        )

    def neutral(self, gaussian: FloatArray) -> FloatArray:
        """What the features leave of gaussianized predictions, 0 where they leave nothing.

        gaussian: (n_ids, n_models); returns: the same shape
        """
        left = neutralize(gaussian, self.features)
        is_left = np.abs(left).max(axis=0) > NOTHING_LEFT  # False for NaN, of a constant column
        return np.where(is_left, left, 0.0)
