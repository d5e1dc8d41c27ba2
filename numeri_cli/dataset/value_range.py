"""Whether values are on the scale that a model's features had in training.

A hosted model asks this, too: what stands here is pickled into it, and needs numpy alone.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

LARGEST_BIN, LARGEST_SHARE = 4.0, 1.0  # of today's files, 0 to 4; of older ones, quarters to 1
_ENOUGH = 1000  # values from which a scale is seen to be narrower


class Bounds(Protocol):
    """The least and the greatest value in training; whole: all were whole numbers."""

    @property
    def least(self) -> float: ...
    @property
    def most(self) -> float: ...
    @property
    def whole(self) -> bool: ...


def contradiction(values: npt.NDArray[np.float32], bounds: Bounds) -> str | None:
    """What speaks against values being on this scale; None where nothing does.

    values: of any shape, NaN where missing
    """
    known = values[~np.isnan(values)]
    if not known.size or bounds.least == bounds.most:
        return None
    least, most = float(known.min()), float(known.max())
    if bounds.whole and bool((known != np.rint(known)).any()):
        return f"they are no whole numbers, from {least:g} to {most:g}"
    span = bounds.most - bounds.least
    bounded = bounds.least == 0 and bounds.most in (LARGEST_BIN, LARGEST_SHARE)
    beyond = 0.0 if bounded else span  # features without bounds may go farther at any time
    if least < bounds.least - beyond or most > bounds.most + beyond:
        return f"they go from {least:g} to {most:g}"
    if bounded and known.size >= _ENOUGH and most - least < span / 2:
        return f"they go from {least:g} to {most:g} only"
    return None
