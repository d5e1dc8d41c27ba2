"""How much predictions change from one week to the next, where ids can be followed."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from numeri_cli.dataset.prediction_files import (
    IdColumn,
    join,
)
from numeri_cli.scoring.scores import churn


def weekly_churn(earlier: IdColumn, later: IdColumn) -> float:
    """1 − rank correlation of one universe's predictions in two weeks.

    earlier, later: predictions of the weeks, in any order of ids
    returns: 0 where no rank changed, about 1 where the weeks have nothing in common, up to 2; NaN
    where more than a fifth of the ids of either week are not in the other
    source: numerai-tools 0.7.2, signals.churn
    """
    ids = pc.unique(pa.chunked_array([earlier.ids, later.ids], type=pa.string()))
    return churn(join(earlier, ids).values, join(later, ids).values)
