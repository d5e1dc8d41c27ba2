"""What the doctor found, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.text.log import visible

if TYPE_CHECKING:
    from numeri_cli.commands.doctor.finding import Diagnosis

_COLOURS = {"fine": "green", "mend": "red", "cannot know": "yellow"}


def diagnosis(record: Diagnosis) -> RenderableType:
    """One line for each finding: level, check, fact, cure."""
    lines = []
    for one in record.findings:
        told = f"{one.message}; {one.hint}" if one.hint else one.message
        line = Text(no_wrap=True, overflow="ignore")
        line.append(f"{one.level:<12}", style=_COLOURS[one.level])
        line.append(visible(f"{one.check:<13} {told}"))
        lines.append(line)
    return Group(*lines)
