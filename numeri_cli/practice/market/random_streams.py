"""Random numbers by counter: what is drawn depends on seed, purpose and time, on nothing else.

No generator is ever carried from one week to the next, so a world that is advanced in one go, in
steps, or again after being killed draws the same numbers.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What the numbers are for; the values are part of every world and never change."""

    stocks = 1
    plan = 2
    premia_plan = 3
    characteristics = 4
    premia = 5
    day = 6
    feature_plan = 7
    feature_names = 8
    feature_noise = 9
    identifiers = 10
    order = 11
    rivals = 12
    rival_noise = 13
    benchmarks = 14
    churn_stocks = 15
    attendance = 16


SEEDS_BEGIN, SEEDS_END = 0, 2**63


def stream(seed: int, purpose: Purpose, moment: int = 0) -> np.random.Generator:
    """The generator of one purpose at one moment.

    seed: in [0, 2**63)
    moment: a day, an era or any other count below 2**40
    source: Philox 4x64 with the key (seed, purpose · 2**40 + moment), Salmon et al. 2011
    """
    key = np.array([seed, (int(purpose) << 40) | moment], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def derived_seed(seed: int, purpose: Purpose, moment: int) -> int:
    """A 31-bit seed for a library that draws by itself."""
    return int(stream(seed, purpose, moment).integers(0, 2**31 - 1))
