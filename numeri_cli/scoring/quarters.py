"""Quarters of a year among the eras: 13 weeks from any era on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numeri_cli.scoring.ranks import FloatArray, known

WEEKS = 13


@dataclass(frozen=True, eq=False, kw_only=True)
class Quarters:
    """The mean of a score in each span of 13 weeks that lies within the eras.

    first, last: (n_spans,) places of the first and the last era with a score of each span
    means: (n_spans,)
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    means: FloatArray

    @property
    def losing(self) -> float:
        """The share of spans whose mean is below zero; NaN where there is no span."""
        return float((self.means < 0).mean()) if len(self.means) else float("nan")

    @property
    def worst(self) -> int | None:
        """The place of the span with the lowest mean; None where there is none."""
        return int(self.means.argmin()) if len(self.means) else None


def quarters(values: FloatArray, weeks: FloatArray) -> Quarters:
    """Each span of 13 weeks that begins with an era that has a score and is over with the last.

    values: (n_eras,), NaN where an era has no score; weeks: (n_eras,) ascending, when each was
    """
    there = np.flatnonzero(known(values))
    first, last, means = [], [], []
    for start in there:
        if weeks[start] + WEEKS > weeks[there[-1]] + 1:
            break
        inside = there[(weeks[there] >= weeks[start]) & (weeks[there] < weeks[start] + WEEKS)]
        first.append(int(start))
        last.append(int(inside[-1]))
        means.append(float(values[inside].mean()))
    return Quarters(first=tuple(first), last=tuple(last), means=np.array(means, dtype=np.float64))
