"""What a model answered, held against what the runner takes and what a round needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from numeri_cli.hosted.findings import HostedFinding, fine, mend

TOLERANCE = 1e-9
FEWEST_SHARE = 0.01  # of distinct values among the predictions, below which ranks are mostly ties
_RETURN = "return a DataFrame with the index of live_features and one column"
FloatArray = npt.NDArray[np.float64]


def unfit_answer(answer: Mapping[str, Any], ids: Sequence[str]) -> list[HostedFinding]:
    """What is wrong with a call's answer; empty where the runner takes it and it is this round's.

    ids: of the rows that it was given, in their order
    """
    kind = str(answer.get("kind"))[:80]
    if kind != "DataFrame":
        return [mend("table", f"it returns a {kind}, and the runner takes a DataFrame", _RETURN)]
    if not answer.get("columns") or not answer.get("ids"):
        return [mend("table", "it returns an empty DataFrame", _RETURN)]
    values = values_of(answer)
    if values is None:
        told = f"its first column, {str(answer['columns'][0])[:60]!r}, holds no numbers"
        return [mend("table", told, "predictions come first, as numbers")]
    return [*_of_ids([str(one) for one in answer["ids"]], ids), *_of_values(values)]


def values_of(answer: Mapping[str, Any]) -> FloatArray | None:
    """(n,) the first column of an answer; None where it holds no numbers."""
    values = answer.get("values")
    if not isinstance(values, list) or len(values) != len(answer["ids"]):
        return None
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None


def _of_ids(found: list[str], ids: Sequence[str]) -> list[HostedFinding]:
    known, given = set(found), set(ids)
    if len(known) != len(found):
        return [mend("ids", f"{len(found) - len(known):,} ids stand there more than once", _RETURN)]
    absent, foreign = len(given - known), len(known - given)
    if absent or foreign:
        return [
            mend(
                "ids",
                f"its ids are not those of the live data: {absent:,} of {len(given):,} are missing,"
                f" {foreign:,} are others",
                _RETURN,
            )
        ]
    if found != list(ids):
        return [mend("order", "its rows are in another order than the live data's", _RETURN)]
    return []


def _of_values(values: FloatArray) -> list[HostedFinding]:
    missing = int(np.count_nonzero(np.isnan(values)))
    if missing:
        told = f"{missing:,} of {len(values):,} predictions are NaN"
        return [mend("values", told, "fill them in the function, such as with 0.5")]
    outside = int(np.count_nonzero((values <= 0) | (values >= 1)))
    if outside:
        return [
            mend(
                "values",
                f"{outside:,} of {len(values):,} predictions are not between 0 and 1, from"
                f" {values.min():g} to {values.max():g}",
                "rank them: predictions.rank(pct=True) reaches 1, (rank - 0.5) / n does not",
            )
        ]
    distinct = len(np.unique(values))
    if distinct == 1 and len(values) > 1:
        told = f"all predictions are the same, {values[0]:g}"
        return [mend("spread", told, "look at the model: it tells no stock from another")]
    if distinct < FEWEST_SHARE * len(values):
        told = f"there are only {distinct:,} different predictions for {len(values):,} ids"
        return [mend("spread", told, "take more trees, or rank an average of several members")]
    return []


def difference(found: Mapping[str, float], expected: Mapping[str, float]) -> float:
    """The largest difference between two predictions of the same id; infinite where ids differ."""
    if found.keys() != expected.keys():
        return float("inf")
    ids = list(expected)
    first = np.array([found[one] for one in ids])
    second = np.array([expected[one] for one in ids])
    largest = np.abs(first - second).max() if ids else 0.0
    return float(largest) if np.isfinite(largest) else float("inf")


def by_id(answer: Mapping[str, Any]) -> dict[str, float] | None:
    """Predictions by id; None where the answer is no table of numbers."""
    if answer.get("kind") != "DataFrame" or not answer.get("columns"):
        return None
    values = values_of(answer)
    if values is None:
        return None
    return dict(zip(map(str, answer["ids"]), values.tolist(), strict=True))


def sound_answer(count: int) -> list[HostedFinding]:
    """A line for each of the things that were looked at and are well."""
    return [
        fine("table", "a DataFrame, its first column holds numbers"),
        fine("ids", f"all {count:,} ids of the live data, each once"),
        fine("order", "in the order of the live data"),
        fine("values", "between 0 and 1, none is missing"),
        fine("spread", "the predictions tell stocks apart"),
    ]
