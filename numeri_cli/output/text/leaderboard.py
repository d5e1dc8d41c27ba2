"""The tournament's leaderboard as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import ABSENT, number
from numeri_cli.output.text.standing import as_of_line
from numeri_cli.output.text.tables import table, unbroken

if TYPE_CHECKING:
    from numeri_cli.commands.leaderboard import Board, BoardLine

CSV_COLUMNS = (
    "rank", "name", "is_own", "stake_nmr", "corr20", "mmc20", "corr60", "mmc60", "return_1y",
)  # fmt: skip


def board(record: Board) -> RenderableType:
    """Ranks with the means over 60 days; one's own in bold. Those over 20 days are in --csv."""
    figures = ("corr60", "mmc60", "NMR", "year")
    made = table("rank", record.of.removesuffix("s"), *figures, "", right=("rank", *figures))
    for line in record.rows:
        made.add_row(*_cells(line))
    heading = Text(f"{record.entrants} {record.of}")
    return Group(heading, unbroken(made), as_of_line(record.as_of, offline=record.offline))


def _cells(line: BoardLine) -> tuple[str | Text, ...]:
    year = line.return_1y
    return (
        ABSENT if line.rank is None else str(line.rank),
        Text(line.name, "bold" if line.is_own else ""),
        number(line.corr60, signed=True),
        number(line.mmc60, signed=True),
        ABSENT if line.stake_nmr is None else f"{line.stake_nmr:,.0f}",
        ABSENT if year is None else f"{number(100 * year, 1, signed=True)}%",
        Text("yours" if line.is_own else "", "dim"),
    )
