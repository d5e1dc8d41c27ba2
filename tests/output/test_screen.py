"""What a server or a user names is shown as it is: no part of it is an order to the terminal."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from rich.console import RenderableType

from numeri_cli.output.screen import Screen
from numeri_cli.output.text.tables import table, unbroken
from numeri_cli.published import Published


@dataclass(frozen=True)
class Named(Published):
    """One name."""

    name: str


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("name", ["x[/bold]", "[red]x[/red]", "kw:M: it", "[link=http://a.b]x"])
def test_names_are_shown_as_they_are_written(name: str, whole: bool) -> None:
    def view(record: Named) -> RenderableType:
        rows = table("name", record.name)
        rows.add_row(record.name, "")
        return unbroken(rows) if whole else rows

    output = io.StringIO()
    screen = Screen("datasets", as_json=False, quiet=False, verbose=False, output=output)
    screen.show(Named(name), view)
    assert output.getvalue().count(name) == 2
