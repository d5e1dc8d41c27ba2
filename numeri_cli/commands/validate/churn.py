"""How much predictions change from one week to the next, from two files in which ids last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring, missing
from numeri_cli.dataset.prediction_files import IdColumn, join, read_predictions
from numeri_cli.errors import NumeriError
from numeri_cli.scoring.scores import churn

PAIR = ("churn_earlier.parquet", "churn_later.parquet")


def churn_of(context: Context, predicted: Callable[[Path], Path], *, name: str) -> float:
    """Churn of a model between the two weeks of the pair; NaN where there is no such pair.

    The practice tournament serves one, of stocks that are in no other file; it is brought where it
    is not here. In the real tournament's data ids last for one era, so churn cannot be known.

    predicted: gives the file of the model's predictions for a data file
    """
    try:
        absent = missing(context, PAIR)
        if absent and context.endpoint.is_numerai:
            return float("nan")
        if absent:
            bring(context, absent)
        weeks = [read_predictions(predicted(context.file(week)), name=name) for week in PAIR]
    except NumeriError as error:
        context.listener.say(f"going on without churn: {error.message}")
        return float("nan")
    return weekly_churn(*weeks)


def weekly_churn(earlier: IdColumn, later: IdColumn) -> float:
    """1 − rank correlation of one universe's predictions in two weeks.

    earlier, later: predictions of the weeks, in any order of ids
    returns: 0 where no rank changed, about 1 where the weeks have nothing in common, up to 2; NaN
    where more than a fifth of the ids of either week are not in the other
    source: numerai-tools 0.7.2, signals.churn
    """
    ids = pc.unique(pa.chunked_array([earlier.ids, later.ids], type=pa.string()))
    return churn(join(earlier, ids).values, join(later, ids).values)
