"""Data files and binned data as tables of at most 80 columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import ABSENT, size
from numeri_cli.output.text.tables import table

if TYPE_CHECKING:
    from numeri_cli.commands.datasets import Datasets


def datasets(record: Datasets) -> RenderableType:
    """What the tournament offers, a dash where a file is not here; what is kept binned."""
    rows = table("file", "size", "round", "downloaded UTC", right=("size", "round"))
    for file in record.files:
        rows.add_row(
            file.name,
            size(file.size_bytes) if file.size_bytes is not None else ABSENT,
            str(file.round_number) if file.round_number is not None else ABSENT,
            _minute(file.time),
        )
    if not record.binned:
        return rows
    right = ("rows", "features", "size")
    kept = table("binned for training", *right, "last used UTC", right=right)
    for entry in record.binned:
        figures = (f"{entry.rows:,}", f"{entry.features:,}", size(entry.size_bytes))
        kept.add_row(entry.key[:12], *figures, _minute(entry.used))
    where = f"in {record.binned_folder}; it may be deleted at any time"
    return Group(rows, Text(), kept, Text(where, style="dim"))


def _minute(value: datetime | None) -> str:
    """Such as "2026-01-03 12:05"."""
    return ABSENT if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
