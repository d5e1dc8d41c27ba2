"""Files that were downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType

from numeri_cli.output.formats import size
from numeri_cli.output.text.tables import table

if TYPE_CHECKING:
    from numeri_cli.commands.download import DownloadedFiles


def downloaded(record: DownloadedFiles) -> RenderableType:
    """What came and what was left."""
    rows = table("file", "size", "", right=("size",))
    for file in record.files:
        rows.add_row(file.name, size(file.size_bytes), "unchanged" if file.unchanged else "new")
    return rows
