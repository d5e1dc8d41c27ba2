"""XGBoost over machines, by its own Dask module: histograms are added up over the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numeri_cli.cluster.rows.base import RowEngine, SpreadRows
from numeri_cli.learning.estimators.base import MemberContent
from numeri_cli.learning.estimators.xgboost.library import refusals
from numeri_cli.learning.estimators.xgboost.matrix import require_names
from numeri_cli.learning.estimators.xgboost.parameters import (
    DEFAULT_BINS,
    TREES,
    complete,
    of_booster,
)


@dataclass(frozen=True)
class XGBoostRows:
    """A RowEngine whose members are XGBoost's own UBJ."""

    def grow(
        self, client: Any, spread: SpreadRows, params: Mapping[str, Any], *, seed: int
    ) -> MemberContent:
        """One booster. Raises ParameterUnknown for a feature's name that the library refuses."""
        from xgboost import dask as over_machines

        require_names(spread.features)
        own = complete(params, seed=seed)
        cells = spread.rows.shape[0] * spread.rows.shape[1]
        with refusals():
            matrix = over_machines.DaskQuantileDMatrix(
                client,
                spread.rows,
                spread.labels,
                weight=spread.weights,
                feature_names=list(spread.features),
                max_bin=int(own.get("max_bin", DEFAULT_BINS)),
            )
            trained = over_machines.train(
                client, of_booster(own, cells=cells), matrix, num_boost_round=int(own[TREES])
            )
            booster = trained["booster"]
            return MemberContent(bytes(booster.save_raw("ubj")), int(booster.num_boosted_rounds()))


ENGINE: RowEngine = XGBoostRows()
