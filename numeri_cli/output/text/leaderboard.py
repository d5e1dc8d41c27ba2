"""The tournament's leaderboard as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from numeri_cli.output.formats import ABSENT, number
from numeri_cli.output.text.standing import as_of_line
from numeri_cli.output.text.tables import Fitting, Prose, table, unbroken

if TYPE_CHECKING:
    from numeri_cli.commands.leaderboard import Board, BoardLine

CSV_COLUMNS = (
    "rank", "name", "is_own", "stake_nmr", "corr20", "mmc20", "corr60", "mmc60", "return_1y",
)  # fmt: skip

_NOTES = (
    "NMR: stake now; year: return on the stake in a year",
    "ranks, means and returns are the server's; it does not say on how many rounds they rest",
)


def board(record: Board) -> RenderableType:
    """Ranks with the means over 60 days, then those over 20 days; one's own in bold."""
    figures = ("corr60", "mmc60", "NMR", "year")
    made = table("rank", record.of.removesuffix("s"), *figures, "", right=("rank", *figures))
    for line in record.rows:
        made.add_row(*_cells(line))
    parts: list[RenderableType] = [
        Text(f"{record.entrants} {record.of}"),
        Fitting(made, "year", "NMR"),
        Text(),
    ]
    if any(line.corr20 is not None or line.mmc20 is not None for line in record.rows):
        parts += [unbroken(_of_20_days(record)), Text()]
    parts += [Prose(note, "dim") for note in _NOTES]
    return Group(*parts, as_of_line(record.as_of, offline=record.offline))


def _of_20_days(record: Board) -> Table:
    """The means over 20 days: another score, which is never in one figure with that of 60."""
    figures = ("corr20", "mmc20")
    made = table("rank", record.of.removesuffix("s"), *figures, right=("rank", *figures))
    for line in record.rows:
        rank, name, *_ = _cells(line)
        made.add_row(rank, name, number(line.corr20, signed=True), number(line.mmc20, signed=True))
    return made


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
