"""What the doctor found, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from numeri_cli.inert_text import visible
from numeri_cli.output.text.tables import grid

if TYPE_CHECKING:
    from numeri_cli.commands.doctor.finding import Diagnosis

_COLOURS = {"fine": "green", "mend": "red", "cannot know": "yellow"}


def diagnosis(record: Diagnosis) -> RenderableType:
    """One row for each finding: level, check, fact and cure."""
    rows = grid(11, 12, 0)
    for one in record.findings:
        told = f"{one.message}; {one.hint}" if one.hint else one.message
        level = Text(one.level, style=_COLOURS[one.level])
        rows.add_row(level, Text(one.check), Text(visible(told)))
    return rows
