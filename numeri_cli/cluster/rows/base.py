"""Engines that train one member over several machines: what one has to do, and which there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from numeri_cli.errors import ParameterUnknown
from numeri_cli.learning.estimators.base import ESTIMATORS, MemberContent
from numeri_cli.model_spec import ModelSpec


@dataclass(frozen=True, kw_only=True)
class SpreadRows:
    """The rows of one member as arrays of Dask, a part of the eras on each worker.

    rows: (n, features) float32, absent values NaN; labels: (n,) float32
    weights: (n,) float32; None where all count the same
    """

    rows: Any
    labels: Any
    weights: Any | None
    features: tuple[str, ...]


class RowEngine(Protocol):
    """A library that trains over machines."""

    def grow(
        self, client: Any, spread: SpreadRows, params: Mapping[str, Any], *, seed: int
    ) -> MemberContent:
        """One member, as its estimator would have kept it.

        params: as the profile gives them
        """


def row_engine(spec: ModelSpec) -> RowEngine:
    """The engine of a model that is to be trained by rows.

    Raises ParameterUnknown where its estimator cannot, or the profile asks for what needs all rows.
    """
    entry = ESTIMATORS.get(spec.estimator.name)
    if entry is None or entry.rows is None:
        able = [name for name, one in ESTIMATORS.items() if one.rows is not None]
        raise ParameterUnknown(
            f"{spec.estimator.name} cannot spread one member over machines",
            hint=f'take distribute = "models", or {" or ".join(able)}',
        )
    if spec.early_stopping_eras:
        raise ParameterUnknown(
            "early_stopping_eras has no effect where rows are spread over machines",
            hint='take it out of the profile, or distribute = "models"',
        )
    engine: RowEngine = import_module(f"{__package__}.{entry.rows}").ENGINE
    return engine
