"""The leaderboard of the practice tournament as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import ABSENT, number
from numeri_cli.output.text.tables import table

if TYPE_CHECKING:
    from numeri_cli.practice.results.leaderboard import Leaderboard


def leaderboard(record: Leaderboard) -> RenderableType:
    """Ranks, scores, stakes and what they earned."""
    right = ("rank", "CORR60", "MMC60", "NMR", "year")
    rows = table(
        "rank", record.of.removesuffix("s"), "", "CORR60", "MMC60", "NMR", "year", right=right
    )
    rows.columns[1].no_wrap = rows.columns[2].no_wrap = True
    rows.columns[2].overflow, rows.columns[2].max_width = "ellipsis", 17
    for row in record.rows:
        rows.add_row(
            ABSENT if row.rank is None else str(row.rank),
            Text(row.name, style="bold" if row.is_own else ""),
            Text("yours" if row.is_own else row.technique, style="dim"),
            number(row.corr60, signed=True),
            number(row.mmc60, signed=True),
            f"{row.stake_nmr:,.0f}",
            f"{number(100 * row.return_share, 1, signed=True)}%" if row.earned_nmr else ABSENT,
        )
    heading = f"{record.entrants} {record.of}"
    if record.resolved_rounds:
        mean = "their mean" if record.of == "models" else "the stake-weighted mean"
        heading += f" by {mean} CORR60 in {record.resolved_rounds} resolved rounds"
    else:
        heading += "; none is ranked before the first round resolves, in 13 weeks"
    note = Text(
        "NMR: stake now; year: payouts less burns, over stake a year ago + added since",
        style="dim",
    )
    return Group(Text(heading), rows, note)
