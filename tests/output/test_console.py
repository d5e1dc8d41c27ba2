"""Texts from outside are shown, and no terminal or markup obeys them."""

from __future__ import annotations

import io

import pytest

from numeri_cli.output.console import InertConsole
from numeri_cli.output.text.tables import table


def shown(text: str) -> str:
    """What a table, a sentence and a label make of it."""
    stream = io.StringIO()
    console = InertConsole(stream)
    rows = table("file")
    rows.add_row(text)
    console.print(rows)
    console.print(text)
    console.print(f"warning: {text}", soft_wrap=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    "text", ["v5.3/[/bold]live.parquet", "[red]x[/red]", "[link=https://x.test]x[/link]", ":skull:"]
)
def test_markup_is_a_text_like_any_other(text: str) -> None:
    assert shown(text).count(text) == 3


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\x1b]0;title\x07b", "a\\x1b]0;title"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("a\u2066b", "a\\u2066b"),
        ("a\x9b2Jb", "a\\x9b2Jb"),
    ],
)
def test_what_a_terminal_would_obey_is_made_visible(text: str, seen: str) -> None:
    found = shown(text)
    assert found.count(seen) == 3
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u2066"} & set(found)
