"""A prediction file that was neutralized."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.console import whole
from numeri_cli.output.formats import number
from numeri_cli.output.text.tables import table

if TYPE_CHECKING:
    from numeri_cli.commands.neutralize import NeutralizedFile


def neutralized(record: NeutralizedFile) -> RenderableType:
    """How far the largest exposure fell."""
    rows = table("", "largest exposure", "feature", "era", right=("largest exposure",))
    for label, exposure in (("before", record.before), ("after", record.after)):
        rows.add_row(label, number(exposure.size), exposure.feature, exposure.era)
    return Group(
        rows,
        Text(
            f"wrote {whole(record.path)}: {record.rows:,} rows, {len(record.eras):,} eras,"
            f" proportion {record.proportion:.3f} of {record.features:,} features"
        ),
    )
