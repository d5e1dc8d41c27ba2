"""What a search knows of a trial, whatever library ran it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

TrialState = Literal["running", "done", "pruned", "failed"]
LEAST_FINISHED = 5  # trials, before one is held against them


@dataclass(frozen=True, kw_only=True)
class TrialFacts:
    """One trial.

    values: what was tried, by the names of the space; values of a choice as one word
    figures: of each aim over all windows; empty unless it is done
    windows: after each window the figures so far
    note: why it failed; "" where it did not
    """

    number: int
    state: TrialState
    values: Mapping[str, Any]
    figures: tuple[float, ...]
    windows: tuple[tuple[float, ...], ...]
    began: datetime
    seconds: float | None
    note: str = ""


def falls_behind(windows: Sequence[Sequence[float]], others: Sequence[TrialFacts]) -> bool:
    """Whether a trial, after its last window, is below the median of those done, in every aim.

    Optuna's own rule of the median knows one aim alone.
    windows: after each window so far the figure of each aim
    """
    so_far = len(windows)
    done = [one.windows for one in others if one.state == "done" and len(one.windows) > so_far]
    if not windows or len(done) < LEAST_FINISHED:
        return False
    for aim, figure in enumerate(windows[-1]):
        theirs = sorted(
            one[so_far - 1][aim] for one in done if not math.isnan(one[so_far - 1][aim])
        )
        if not theirs:
            return False
        half = len(theirs) // 2
        median = theirs[half] if len(theirs) % 2 else (theirs[half - 1] + theirs[half]) / 2
        if figure >= median:
            return False
    return True


def front(trials: Sequence[TrialFacts]) -> tuple[TrialFacts, ...]:
    """The done trials that no other beats in one aim without losing in another, best first.

    Of equal ones the first; in the order of the first aim.
    """
    done = [one for one in trials if one.state == "done"]
    found = [
        one
        for one in done
        if not any(_beats(other, one) or _precedes(other, one) for other in done)
    ]
    return tuple(sorted(found, key=lambda one: (-one.figures[0], one.number)))


def _beats(one: TrialFacts, other: TrialFacts) -> bool:
    pairs = list(zip(one.figures, other.figures, strict=True))
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def _precedes(one: TrialFacts, other: TrialFacts) -> bool:
    return one.figures == other.figures and one.number < other.number


def chosen(trials: Sequence[TrialFacts]) -> TrialFacts | None:
    """The trial that is taken: the best, and of several aims the one of the front that is nowhere
    far behind, by the mean of its ranks among all that are done. None where none is done.
    """
    done = [one for one in trials if one.state == "done"]
    aims = range(len(done[0].figures)) if done else range(0)
    ranks = {one.number: 0 for one in done}
    for aim in aims:
        for one in done:
            ranks[one.number] += sum(other.figures[aim] > one.figures[aim] for other in done)
    return min(front(trials), key=lambda one: (ranks[one.number], one.number), default=None)
