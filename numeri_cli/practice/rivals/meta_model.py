"""Predictions × stakes: what the fund would trade."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from numeri_cli.scoring.ranks import gaussianize, rank_uniform

FloatArray = npt.NDArray[np.float64]
SUM_UNIT = 1e-12  # ranks are taken of sums rounded to it, so that no order of adding decides them


def stake_weighted(predictions: FloatArray, stakes_nmr: Sequence[Decimal]) -> FloatArray:
    """The meta model of one era, gaussian: mean of gaussianized predictions, weighted by stake.

    predictions: (participants, stocks), any scale; stakes_nmr: of the same participants
    returns: (stocks,); raises ValueError where nothing is staked
    source: numerai-tools 0.7.2, scoring.stake_weight
    """
    total = sum(stakes_nmr, Decimal(0))
    if total <= 0:
        raise ValueError("a meta model needs a stake")
    weights = np.array([float(stake / total) for stake in stakes_nmr])
    mean: FloatArray = np.einsum("p,pn->n", weights, gaussianize(predictions.T).T)
    return mean


def meta_model(predictions: FloatArray, stakes_nmr: Sequence[Decimal]) -> FloatArray:
    """The meta model of one era as published: ranks of `stake_weighted`, strictly inside (0, 1)."""
    return rank_uniform(np.rint(stake_weighted(predictions, stakes_nmr) / SUM_UNIT))
