"""Every model in the newest round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import moment
from numeri_cli.output.text.tables import finding_lines, state, table

if TYPE_CHECKING:
    from numeri_cli.commands.status import RoundStanding


def round_standing(record: RoundStanding) -> RenderableType:
    """Where every model stands in the newest round."""
    rows = table("model", "status", "submission", "time")
    for model in record.models:
        rows.add_row(model.model, state(model.status), model.server_id or "–", moment(model.time))
    if record.round_number is None:
        heading = "no round is known"
    else:
        verb = "open until" if record.open else "closed at"
        heading = f"round {record.round_number}, {verb} {moment(record.deadline)}"
    if record.source == "ledger":
        heading += "; from the ledger, the server could not be asked"
    if record.watch is not None and not record.watch.due:
        whose = "the weekend's round" if record.watch.cadence == "weekly" else "a round"
        quiet = f"not within {record.watch.minutes} minutes of the deadline of {whose}: no alarm"
        return Group(Text(heading), Text(quiet))
    told = [
        Text(f"{model.model}: the server says {model.problem}")
        for model in record.models
        if model.problem
    ]
    told += [line for model in record.models for line in finding_lines(model.findings)]
    return Group(Text(heading), rows, *told)
