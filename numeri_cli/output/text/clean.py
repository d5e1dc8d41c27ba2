"""What was cleaned away, or would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.inert_text import visible
from numeri_cli.output.formats import size
from numeri_cli.output.text.tables import table

if TYPE_CHECKING:
    from numeri_cli.commands.clean import Cleaning


def cleaning(record: Cleaning) -> RenderableType:
    """One row for each thing that goes, and what all of it frees."""
    if not record.removed:
        return Text("nothing has to go")
    rows = table("what", "size", "where and why", right=("size",))
    for one in record.removed:
        rows.add_row(one.kind, size(one.size_bytes), Text(visible(f"{one.path}: {one.reason}")))
    verb = "would free" if record.dry_run else "freed"
    return Group(rows, Text(f"{verb} {size(record.freed_bytes)}"))
