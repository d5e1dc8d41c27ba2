"""One era as its scores see it: the inputs, and one prediction with what scores share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from numeri_cli.scoring.feature_scores import FeatureScores, feature_scores
from numeri_cli.scoring.neutral import MISSING_FEATURE
from numeri_cli.scoring.ranks import FloatArray, NumberArray, gaussianize, known
from numeri_cli.scoring.scores import centred

Other = Literal["meta_model", "benchmark"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Era:
    """What the scores of one era rest on, everything in the same order of ids.

    predictions: (n_ids, n_predictions), NaN where an id has none
    target, meta_model, benchmark: (n_ids,), NaN where unknown; without them no such score
    features: (n_ids, n_features) for fnc and the exposures
    """

    name: str
    predictions: NumberArray
    target: NumberArray
    meta_model: NumberArray | None = None
    benchmark: NumberArray | None = None
    features: NumberArray | None = None


class EraArrays:
    """What all predictions of an era share, each made once and when it is first needed."""

    def __init__(self, era: Era, *, missing_feature: float | None = MISSING_FEATURE) -> None:
        self.era = era
        self._missing_feature = missing_feature
        self._gaussians: dict[tuple[Other, bytes], FloatArray] = {}

    @cached_property
    def centred_target(self) -> FloatArray:
        """(n_ids,) the target less its mean over all ids that have one."""
        return centred(self.era.target)

    @cached_property
    def feature_scores(self) -> FeatureScores | None:
        """FNC and exposures of all predictions; None without features."""
        features = self.era.features
        if features is None or not features.shape[1]:
            return None
        return feature_scores(
            self.era.predictions,
            features,
            target=self.era.target,
            missing_feature=self._missing_feature,
        )

    def other(self, name: Other) -> NumberArray | None:
        """(n_ids,) the meta model or the benchmark; None where there is none."""
        return self.era.meta_model if name == "meta_model" else self.era.benchmark

    def other_gaussian(self, name: Other, rows: npt.NDArray[np.bool_]) -> FloatArray:
        """(n_rows,) the meta model or the benchmark on these rows, gaussianized."""
        values, key = self.other(name), (name, rows.tobytes())
        if values is None:
            raise ValueError(f"the era has no {name}")
        if key not in self._gaussians:
            self._gaussians[key] = gaussianize(values[rows])
        return self._gaussians[key]


class EraPrediction:
    """One prediction of an era, as a score's function gets it.

    place: of its column; arrays: what it shares with the era's other predictions
    predicted, targeted: (n_ids,) ids with a prediction; those of them that have a target
    """

    def __init__(self, arrays: EraArrays, place: int) -> None:
        self.arrays, self.place = arrays, place
        self.values = np.ascontiguousarray(arrays.era.predictions[:, place])
        self.predicted = known(self.values)
        self.targeted = self.predicted & known(arrays.centred_target)
        self._gaussians: dict[bytes, FloatArray] = {}

    def gaussian(self, rows: npt.NDArray[np.bool_]) -> FloatArray:
        """(n_rows,) the prediction on these rows, gaussianized."""
        key = rows.tobytes()
        if key not in self._gaussians:
            self._gaussians[key] = gaussianize(self.values[rows])
        return self._gaussians[key]
