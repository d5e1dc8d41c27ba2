"""A profile that was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.text.tables import steps

if TYPE_CHECKING:
    from numeri_cli.commands.init import WrittenProfile


def written_profile(record: WrittenProfile) -> RenderableType:
    """A profile that was written_profile."""
    return Group(
        Text(f"wrote {record.profile}: model {record.model}, tournament {record.tournament}"),
        steps(record.next_steps),
    )
