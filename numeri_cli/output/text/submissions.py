"""Submissions that the server holds: a line each, ids whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import ABSENT, moment, size
from numeri_cli.output.text.standing import as_of_line
from numeri_cli.output.text.tables import Fitting, table

if TYPE_CHECKING:
    from numeri_cli.commands.submissions import BroughtBack, HeldSubmission, HeldSubmissions

CSV_COLUMNS = (
    "model", "id", "round_number", "status", "selected", "filename", "time", "error_info", "digest",
)  # fmt: skip


def held_submissions(record: HeldSubmissions) -> RenderableType:
    """A table for each model, then what was brought back."""
    parts: list[RenderableType] = []
    for model in dict.fromkeys(row.model for row in record.rows):
        made = table("round", "submission", "counts", "time", right=("round",))
        for row in record.rows:
            if row.model == model:
                made.add_row(*_cells(row))
        parts += [Text(model, "bold"), Fitting(made, "time", "counts"), Text()]
    if not parts:
        parts.append(Text("the server holds no submission"))
    parts += [_brought(one) for one in record.downloads]
    if record.as_of is not None:
        parts.append(as_of_line(record.as_of, offline=record.offline))
    return Group(*parts)


def _cells(row: HeldSubmission) -> tuple[str, str, str, str]:
    counts = "refused" if row.error_info else "yes" if row.selected else "no"
    number = ABSENT if row.round_number is None else str(row.round_number)
    return number, row.id, counts, moment(row.time)


def _brought(one: BroughtBack) -> Text:
    """Where a file lies, and whether it is what was sent."""
    words = {
        True: "it is what this machine sent",
        False: "it is NOT what this machine sent",
        None: "this machine did not send it",
    }[one.agrees]
    style = "red" if one.agrees is False else ""
    return Text(f"{one.path} ({size(one.size_bytes)}): {words}", style)
