"""The leaderboard of the practice tournament as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.terminal.tables import table

if TYPE_CHECKING:
    from numeri_cli.practice.leaderboard import Leaderboard, Row


@dataclass(frozen=True)
class RankingView:
    """What `numeri practice leaderboard` shows: the best and the participant's own, of `models`."""

    round_number: int
    resolved_rounds: int
    models: int
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, found: Leaderboard, top: int) -> RankingView:
        """The best so many, and all that are the participant's."""
        rows = tuple(row for place, row in enumerate(found.rows) if place < top or row.is_own)
        return cls(found.round_number, found.resolved_rounds, len(found.rows), rows)


def ranking(view: RankingView) -> RenderableType:
    """Ranks, scores, stakes and what they earned."""
    right = ("rank", "CORR60", "MMC60", "NMR", "year")
    rows = table("rank", "model", "", "CORR60", "MMC60", "NMR", "year", right=right)
    rows.columns[1].no_wrap = rows.columns[2].no_wrap = True
    rows.columns[2].overflow, rows.columns[2].max_width = "ellipsis", 17
    for row in view.rows:
        rows.add_row(
            "–" if row.rank is None else str(row.rank),
            Text(row.name, style="bold" if row.is_own else ""),
            Text("yours" if row.is_own else row.technique, style="dim"),
            _score(row.corr60),
            _score(row.mmc60),
            f"{row.stake_nmr:,.0f}",
            f"{row.return_share:+.1%}" if row.earned_nmr else "–",
        )
    heading = f"{view.models} models by their mean CORR60 in {view.resolved_rounds} resolved rounds"
    if not view.resolved_rounds:
        heading = (
            f"{view.models} models; none is ranked before the first round resolves, in 13 weeks"
        )
    note = Text(
        "NMR: the stake now; year: payouts less burns, over the stake a year before",
        style="dim",
    )
    return Group(Text(heading), rows, note)


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:+.4f}"
