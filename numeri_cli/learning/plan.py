"""What is to be trained: the plan of one model. Made from a profile; knows nothing of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numeri_cli.dataset.eras import EraChoice

LEG_TREES = 1000
LIGHTGBM = "lightgbm"

Names = str | tuple[str, ...]


@dataclass(frozen=True)
class Neutralization:
    """What predictions are made independent of.

    features: a set's name, or names; resolved to names once a data version is known
    proportion: 0 (left as they are) to 1
    """

    features: Names
    proportion: float


@dataclass(frozen=True)
class EraWeights:
    """How much each era counts in training.

    equal: every era the same, however many rows it has
    half_life_eras: an era so much older counts half
    """

    equal: bool = False
    half_life_eras: float | None = None


@dataclass(frozen=True)
class ModelPlan:
    """One model: targets × seeds, each of which becomes a booster of the ensemble.

    features: the name of a feature set, or names
    data: "train", or "train" and "validation"
    eras: which of the data's eras take part
    missing_twos: whether a feature that is 2 throughout an era counts as missing there
    estimator: "lightgbm" or "module:Class"; params are passed to it unchanged
    early_stopping_eras: the last ones are held out, purged, and end the training; 0 does not
    leg_trees: trees between two points from which a killed training can go on
    """

    name: str
    features: Names = "medium"
    targets: tuple[str, ...] = ("target_ender_60",)
    seeds: tuple[int, ...] = (1,)
    data: tuple[str, ...] = ("train",)
    data_version: str = "v5.3"
    eras: EraChoice = field(default_factory=EraChoice)
    missing_twos: Literal["keep", "nan"] = "keep"
    estimator: str = LIGHTGBM
    params: Mapping[str, Any] = field(default_factory=dict)
    neutralize: Neutralization | None = None
    weights: EraWeights | None = None
    early_stopping_eras: int = 0
    leg_trees: int = LEG_TREES
