"""Curves of braille dots, looked at dot by dot."""

from __future__ import annotations

from numeri_cli.output.text.curves import (
    BLANK,
    braille,
    row_of,
)


def test_a_line_from_corner_to_corner_is_drawn_dot_by_dot() -> None:
    assert braille([0, 1], width=2, height=1, low=0, high=1) == ["⡠⠊"]
    assert braille([1, 0], width=2, height=1, low=0, high=1) == ["⠑⢄"]


def test_a_jump_is_joined_and_a_flat_line_is_flat() -> None:
    assert braille([0, 0, 1, 1], width=2, height=2, low=0, high=1)[0].count(BLANK) < 2
    assert braille([0, 0], width=3, height=2, low=0, high=1) == [BLANK * 3, "⣀⣀⣀"]
    assert braille([5], width=2, height=1, low=5, high=5) == ["⠤⠤"]


def test_every_value_has_its_row() -> None:
    rows = [row_of(value, rows=4, low=-1, high=2) for value in (2, 1, 0, -1)]
    assert rows == [0, 1, 2, 3]
