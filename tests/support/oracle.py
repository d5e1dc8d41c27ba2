"""numerai-tools' answers in our terms, and eras of every awkward kind to ask both about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from numerai_tools import scoring

KINDS = ("random", "tied", "binary", "constant", "missing", "half_missing", "extreme", "infinite")
TARGETS = ("bins", "bins_missing", "constant", "returns")


@dataclass(frozen=True)
class Case:
    """One era; NaN where an id has no value."""

    prediction: np.ndarray
    target: np.ndarray
    meta_model: np.ndarray
    features: np.ndarray


@st.composite
def cases(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> Case:
    """An era of 5 to 150 ids with a prediction, target and meta model of drawn kinds."""
    count = draw(st.integers(5, 150))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Case(
        column(draw(st.sampled_from(kinds)), count, generator),
        target(draw(st.sampled_from(TARGETS)), count, generator),
        column(draw(st.sampled_from(KINDS)), count, generator),
        features(count, draw(st.integers(1, max(1, count // 4))), generator),
    )


def column(kind: str, count: int, generator: np.random.Generator) -> np.ndarray:
    """(count,) a prediction of one of KINDS."""
    values = generator.standard_normal(count)
    if kind == "tied":
        return np.round(values)
    if kind == "binary":
        return (values > 1.5).astype(float)
    if kind == "constant":
        return np.full(count, 0.1)
    if kind == "missing":
        return np.where(generator.random(count) < 0.1, np.nan, values)
    if kind == "half_missing":
        return np.where(generator.random(count) < 0.5, np.nan, values)
    if kind == "extreme":
        return values * 10.0 ** generator.integers(-200, 200, count)
    if kind == "infinite":
        return np.where(generator.random(count) < 0.1, np.inf, values)
    return values


def target(kind: str, count: int, generator: np.random.Generator) -> np.ndarray:
    """(count,) a target of one of TARGETS."""
    bins = np.searchsorted([0.05, 0.25, 0.75, 0.95], generator.random(count)) / 4
    if kind == "bins_missing":
        return np.where(generator.random(count) < 0.1, np.nan, bins)
    if kind == "constant":
        return np.full(count, 0.5)
    if kind == "returns":
        return generator.standard_t(3, count) * 0.05
    return bins


def features(count: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """(count, width) bins 0–4 and a last column of no bins, so that no two rows are alike."""
    bins = generator.integers(0, 5, (count, width)).astype(np.float64)
    bins[:, -1] = generator.random(count) * 4
    return bins


def ids(count: int) -> list[str]:
    return [f"n{number:015x}" for number in range(count)]


def series(values: np.ndarray, name: str, *, absent: bool = False, seed: int = 0) -> pd.Series:
    """By id, rows shuffled; absent: leave NaN rows out altogether."""
    made = pd.Series(values, index=ids(len(values)), name=name, dtype=np.float64)
    if absent:
        made = made.dropna()
    return made.sample(frac=1, random_state=seed)


def answer(ask: Callable[..., object]) -> float:
    """The library's number; NaN where it raises."""
    with np.errstate(all="ignore"):
        try:
            return float(ask())  # type: ignore[arg-type]  # it is a number, whatever its type
        except (AssertionError, ZeroDivisionError, ValueError, IndexError):
            return float("nan")


def library_corr(case: Case, *, absent: bool, **options: Any) -> float:
    prediction = series(case.prediction, "p", absent=absent, seed=1).to_frame()
    aim = series(case.target, "t", seed=2)
    return answer(lambda: scoring.numerai_corr(prediction, aim, **options)["p"])


def library_contribution(case: Case, *, absent: bool, top_bottom: int | None = None) -> float:
    prediction = series(case.prediction, "p", absent=absent, seed=1).to_frame()
    meta = series(case.meta_model, "m", absent=absent, seed=3)
    aim = series(case.target, "t", seed=2)
    return answer(lambda: scoring.correlation_contribution(prediction, meta, aim, top_bottom)["p"])


def library_fnc(case: Case) -> float:
    index = ids(len(case.prediction))
    there = pd.Series(case.prediction, index=index).dropna().index
    prediction = pd.DataFrame({"p": case.prediction}, index=index).loc[there]
    frame = pd.DataFrame(case.features, index=index).loc[there]
    aim = pd.Series(case.target, index=index, name="t")
    return answer(lambda: scoring.feature_neutral_corr(prediction, frame, aim)["p"])
