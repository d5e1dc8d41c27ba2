"""Data files and binned data as tables of at most 80 columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import ABSENT, size
from numeri_cli.output.text.tables import table

if TYPE_CHECKING:
    from numeri_cli.commands.datasets import Datasets, OfferedFile


def datasets(record: Datasets) -> RenderableType:
    """What the tournament offers, how large it is, what is here and no longer the newest; where."""
    rows = table("file", "size", "round", "downloaded UTC", right=("size", "round"))
    for file in record.files:
        rows.add_row(
            file.name,
            _size(file),
            str(file.round_number) if file.round_number is not None else ABSENT,
            _minute(file.time) if file.here else Text("not here", style="dim"),
        )
    rows.columns[1].no_wrap = True  # a size stays beside its unit
    changed = [file.name for file in record.files if file.here and file.to_come_bytes]
    parts: list[RenderableType] = [rows, Text(f"files lie in {record.folder}", style="dim")]
    parts += [Text(f"{name} has changed since; `numeri download` brings it") for name in changed]
    if not record.binned:
        return Group(*parts)
    right = ("rows", "features", "size")
    kept = table("binned for training", *right, "last used UTC", right=right)
    for entry in record.binned:
        figures = (f"{entry.rows:,}", f"{entry.features:,}", size(entry.size_bytes))
        kept.add_row(entry.key[:12], *figures, _minute(entry.used))
    where = f"in {record.binned_folder}; it may be deleted at any time"
    return Group(*parts, Text(), kept, Text(where, style="dim"))


def _size(file: OfferedFile) -> str:
    """What is here, or what a download would fetch."""
    known = file.size_bytes if file.here else file.to_come_bytes
    return ABSENT if known is None else size(known)


def _minute(value: datetime | None) -> str:
    """Such as "2026-01-03 12:05"."""
    return ABSENT if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
