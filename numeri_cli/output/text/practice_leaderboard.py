"""The leaderboard of the practice tournament as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import ABSENT, number
from numeri_cli.output.text.tables import Fitting, Prose, table

if TYPE_CHECKING:
    from numeri_cli.practice.results.leaderboard import Leaderboard

_MOST_LETTERS = 17


def leaderboard(record: Leaderboard) -> RenderableType:
    """Ranks, scores, stakes and what they earned."""
    figures = ("CORR60", *(("lead",) if record.beside else ()), "MMC60", "NMR", "year")
    kind = record.of.removesuffix("s")
    rows = table("rank", kind, "", *figures, right=("rank", *figures))
    for row in record.rows:
        technique = "" if record.beside else _shortened(row.technique)
        rows.add_row(
            ABSENT if row.rank is None else str(row.rank),
            Text(row.name, style="bold" if row.is_own else ""),
            Text("yours" if row.is_own else technique, style="dim"),
            number(row.corr60, signed=True),
            *((number(row.corr60_lead, signed=True),) if record.beside else ()),
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
    notes = ["NMR: stake now; year: payouts less burns, over stake a year ago + added since"]
    if record.beside:
        notes.append(f"lead: CORR60 less that of {record.beside}")
    return Group(Prose(heading), Fitting(rows, "", "year"), *(Prose(note, "dim") for note in notes))


def _shortened(technique: str) -> str:
    is_short = len(technique) <= _MOST_LETTERS
    return technique if is_short else f"{technique[: _MOST_LETTERS - 1]}…"
