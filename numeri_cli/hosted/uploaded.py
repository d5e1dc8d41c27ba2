"""The function that is uploaded: from a round's rows to its predictions, with nothing of ours.

All that it calls is pickled by value, this module and those of `scoring` that it imports, so that
it runs where only numpy, pandas, scipy and the engine's own library are. It gives what `numeri
predict` gives: rows by the names of columns, each member's predictions gaussianized, their mean
neutralized step by step, ranked into (0, 1).

A hosted model answers with an exception, which Numerai's log shows, where a prediction would be
wrong in silence: a column is missing, features are on another scale, a member gives no number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from numeri_cli.dataset.value_range import contradiction
from numeri_cli.scoring.least_squares import residual_of
from numeri_cli.scoring.neutral import middle
from numeri_cli.scoring.ranks import rank_uniform

MOST_MISSING = 0.2  # of the ids, which a benchmark may lack
CHUNK_BYTES = 16 * 2**20  # of rows that a member sees at once, as `numeri predict` shows them


@dataclass(frozen=True)
class TakenOut:
    """A step of neutralization: columns of the live data and of the benchmark models."""

    features: tuple[str, ...]
    benchmarks: tuple[str, ...]
    proportion: float


@dataclass(frozen=True)
class ValueRange:
    """The least and the greatest value of the features in training; whole: whole numbers all."""

    least: float
    most: float
    whole: bool
    middle: float


@dataclass(frozen=True)
class HostedMembers:
    """A trained model: what its members hold, and what makes predictions of that.

    features: in the order of the members' columns
    missing_twos: a feature that is the middle of its scale throughout counts as missing
    """

    name: str
    features: tuple[str, ...]
    missing_twos: bool
    scale: ValueRange | None
    held: tuple[Any, ...]
    predictions: Callable[[Any, Any], Any]
    steps: tuple[TakenOut, ...]

    def raw(self, live: Any, benchmarks: Any) -> Any:
        """(n, members) what each member says of the rows."""
        rows = feature_rows(live, self.features, of=self.name)
        against = None if self.scale is None else contradiction(rows, self.scale)
        if against is not None:
            raise ValueError(
                f"the live features are on another scale than those of {self.name}'s training:"
                f" {against}"
            )
        if self.missing_twos:
            _forget_middles(rows, shares=_are_shares(live, self.features, rows))
        found = np.empty((len(rows), len(self.held)))
        step = max(1, CHUNK_BYTES // (4 * len(self.features)))
        for place, held in enumerate(self.held):
            for start in range(0, len(rows), step):
                chunk = slice(start, start + step)
                found[chunk, place] = self.predictions(held, rows[chunk])
        return found


@dataclass(frozen=True)
class HostedFunction:
    """Somebody's function, whose answers are ranked and neutralized as the profile says."""

    name: str
    function: Callable[..., Any]
    takes_benchmarks: bool
    scale: None
    steps: tuple[TakenOut, ...]

    def raw(self, live: Any, benchmarks: Any) -> Any:
        """(n, 1) what the function says of the rows."""
        given = [live.copy()]
        if self.takes_benchmarks:
            given.append(_required(benchmarks, of=self.name).reindex(live.index))
        answer = self.function(*given)
        if len(getattr(answer, "shape", ())) == 2 and answer.shape[1]:
            answer = answer.iloc[:, 0]
        if not answer.index.equals(live.index):
            answer = answer.reindex(live.index)
        return answer.to_numpy(dtype=np.float64, na_value=np.nan).reshape(-1, 1)


@dataclass(frozen=True)
class HostedBlend:
    """Models whose finished predictions are the members of one; shares: how much each counts."""

    name: str
    parts: tuple[Any, ...]
    shares: tuple[float, ...]
    scale: None
    steps: tuple[TakenOut, ...]

    def raw(self, live: Any, benchmarks: Any) -> Any:
        """(n, parts) what each part would submit."""
        return np.column_stack([predicted(part, live, benchmarks) for part in self.parts])


def make_function(model: Any, *, takes_benchmarks: bool) -> Callable[..., Any]:
    """What is pickled: a function whose parameters say what it wants to be given."""

    def predict(live_features: Any) -> Any:
        return answer(model, live_features, None)

    def predict_with_benchmarks(live_features: Any, live_benchmark_models: Any) -> Any:
        return answer(model, live_features, live_benchmark_models)

    return predict_with_benchmarks if takes_benchmarks else predict


def answer(model: Any, live: Any, benchmarks: Any) -> Any:
    """A table with the live data's own index and a column `prediction`."""
    import pandas as pd

    values = np.empty(len(live))
    for rows in _eras(live):
        part = live if len(rows) == len(live) else live.iloc[rows]
        values[rows] = predicted(model, part, benchmarks)
    return pd.DataFrame({"prediction": values}, index=live.index)


def predicted(model: Any, live: Any, benchmarks: Any) -> Any:
    """(n,) a model's predictions of one era, strictly inside (0, 1)."""
    from scipy.special import ndtri

    raw = model.raw(live, benchmarks)
    missing = int(np.isnan(raw).sum())
    if missing:
        raise ValueError(f"{model.name} gave {missing:,} predictions that are no number")
    gaussian = ndtri(rank_uniform(raw))
    shares = getattr(model, "shares", None)
    if shares is None:
        mean = gaussian.mean(axis=1)
    else:
        weights = np.array(shares, dtype=np.float64)
        mean = gaussian @ (weights / np.sum(weights))
    for step in model.steps:
        if step.proportion and mean.size and mean.min() != mean.max():
            columns = np.ascontiguousarray(mean.reshape(-1, 1))
            against = _filled(_columns_of(step, live, benchmarks, of=model.name), model.scale)
            mean = (columns - step.proportion * (columns - residual_of(columns, against)))[:, 0]
    return rank_uniform(mean)


def feature_rows(live: Any, features: tuple[str, ...], *, of: str) -> Any:
    """(n, features) float32, C order, by the names of the columns; NaN where nothing is known."""
    known = set(live.columns)
    absent = [name for name in features if name not in known]
    if absent:
        more = f" and {len(absent) - 3:,} more" if absent[3:] else ""
        raise ValueError(f"{of} needs columns that the data lacks: {', '.join(absent[:3])}{more}")
    columns = np.empty((len(features), len(live)), dtype=np.float32)
    for place, name in enumerate(features):
        column = live[name]
        plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub"
        missing: Any = {} if plain else {"na_value": np.nan}
        columns[place] = column.to_numpy(dtype=np.float32, **missing)
    return np.ascontiguousarray(columns.T)


def _columns_of(step: TakenOut, live: Any, benchmarks: Any, *, of: str) -> Any:
    """(n, columns) of the live data and the benchmark models that a step takes out."""
    parts = []
    if step.features:
        parts.append(feature_rows(live, step.features, of=of))
    if step.benchmarks:
        table = _required(benchmarks, of=of)
        absent = [name for name in step.benchmarks if name not in set(table.columns)]
        if absent:
            raise ValueError(f"the benchmark models lack {absent[0]}, which {of} takes out")
        rows = table[list(step.benchmarks)].reindex(live.index)
        values = rows.to_numpy(dtype=np.float64, na_value=np.nan)
        missing = np.isnan(values).any(axis=1).mean() if len(values) else 0.0
        if missing > MOST_MISSING:
            raise ValueError(f"the benchmark models lack {missing:.0%} of the live ids")
        parts.append(np.where(np.isnan(values), np.nanmean(values, axis=0), values))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _filled(columns: Any, scale: Any) -> Any:
    """The columns with the middle of the scale for what is missing."""
    if np.isinf(columns).any():
        raise ValueError("a feature holds an infinite number")
    missing = np.isnan(columns)
    if not missing.any():
        return columns
    chosen = middle(columns) if scale is None else scale.middle
    return np.where(missing, columns.dtype.type(chosen), columns)


def _required(benchmarks: Any, *, of: str) -> Any:
    if benchmarks is None or not len(benchmarks.columns):
        raise ValueError(f"{of} needs the benchmark models' predictions, and there are none")
    return benchmarks


def _eras(live: Any) -> Iterator[Any]:
    """The places of each era's rows: of live data, which has one era, all of them."""
    eras = live["era"].to_numpy() if "era" in live.columns else None
    if eras is None or not len(eras) or (eras == eras[0]).all():
        yield np.arange(len(live))
        return
    names, codes = np.unique(eras.astype(str), return_inverse=True)
    for code in range(len(names)):
        yield np.flatnonzero(codes == code)


def _are_shares(live: Any, features: tuple[str, ...], rows: Any) -> bool:
    """Whether the columns are shares between 0 and 1, as older files have them."""
    floating = all(live[name].dtype.kind == "f" for name in features)
    return floating and not (rows > 1).any()


def _forget_middles(rows: Any, *, shares: bool) -> None:
    """Make each feature that is the middle of its scale in all rows a missing one, in place."""
    if len(rows):
        rows[:, (rows == (0.5 if shares else 2)).all(axis=0)] = np.nan
