"""Explanations: the word, what it means, and of a score what is better and its formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.text.tables import Prose

if TYPE_CHECKING:
    from numeri_cli.commands.explain import Explanations


def explanations(record: Explanations) -> RenderableType:
    """A paragraph for each word."""
    parts: list[RenderableType] = []
    for one in record.words:
        place = Text(f", in {one.where}" if one.where else "")
        parts += [Text(one.word, "bold").append_text(place), Prose(one.meaning)]
        if one.lower_is_better is not None:
            parts.append(Prose("Lower is better." if one.lower_is_better else "Higher is better."))
        if one.formula is not None:
            parts.append(Prose(f"Formula: {one.formula}"))
            parts.append(Prose("`numeri guide formulas` says what its letters mean.", "dim"))
        if one.source is not None:
            parts.append(Prose(f"Source: {one.source}", "dim"))
        parts.append(Text())
    return Group(*parts[:-1])
