"""What a training takes of memory and disk, before anything that trains is imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numeri_cli.learning.estimators.lightgbm import footprint as lightgbm
from numeri_cli.learning.memory import TrainingShape
from numeri_cli.model_spec import EstimatorSpec

Footprint = Callable[[Mapping[str, Any], TrainingShape], tuple[float, float]]
_LEAVES = ("num_leaves", "num_leaf", "max_leaves", "max_leaf", "max_leaf_nodes")


def _of_lightgbm(params: Mapping[str, Any], shape: TrainingShape) -> tuple[float, float]:
    given = next((params[name] for name in _LEAVES if name in params), None)
    leaves = given if isinstance(given, int) else lightgbm.DEFAULT_LEAVES
    return lightgbm.peak_bytes(shape, leaves=leaves), lightgbm.binned_bytes(shape)


def _of_any_class(params: Mapping[str, Any], shape: TrainingShape) -> tuple[float, float]:
    from numeri_cli.learning.estimators.any_class import peak_bytes

    return peak_bytes(shape), 0.0


# Name in the profile → what it takes; any other name is a class, which is given a matrix.
FOOTPRINTS: Mapping[str, Footprint] = {"lightgbm": _of_lightgbm}


def needed_bytes(spec: EstimatorSpec, shape: TrainingShape) -> tuple[float, float]:
    """The most of memory, and of disk for what is kept, that a training of this size takes."""
    return FOOTPRINTS.get(spec.name, _of_any_class)(spec.params, shape)
