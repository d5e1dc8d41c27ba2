"""Curves in braille dots: two across and four down in each character."""

from __future__ import annotations

from collections.abc import Sequence

BLANK = "\u2800"
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row, by column


def braille(
    values: Sequence[float], *, width: int, height: int, low: float, high: float
) -> list[str]:
    """A curve as `height` lines of `width` characters; neighbours in time are joined.

    values: from left to right over the whole width, within low and high
    """
    columns, rows = 2 * width, 4 * height
    cells = [[ord(BLANK)] * width for _ in range(height)]
    last = None
    for column in range(columns):
        at = column * (len(values) - 1) / max(columns - 1, 1)
        row = row_of(_between(values, at), rows=rows, low=low, high=high)
        start = row if last is None else last + (row > last) - (row < last)
        for dot in range(min(start, row), max(start, row) + 1):
            cells[dot // 4][column // 2] |= _DOTS[dot % 4][column % 2]
        last = row
    return ["".join(map(chr, line)) for line in cells]


def _between(values: Sequence[float], at: float) -> float:
    """The value at a place between two of them, on the straight line."""
    first = min(int(at), len(values) - 1)
    following = min(first + 1, len(values) - 1)
    return values[first] + (at - first) * (values[following] - values[first])


def row_of(value: float, *, rows: int, low: float, high: float) -> int:
    """The row of a value, from the top, where the first is `high` and the last is `low`."""
    share = (value - low) / (high - low) if high > low else 0.5
    return min(max(round((1 - share) * (rows - 1)), 0), rows - 1)
