"""Every model in the newest round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import moment
from numeri_cli.output.text.tables import finding_lines, state, table

if TYPE_CHECKING:
    from datetime import datetime

    from numeri_cli.commands.status import RoundStanding, Watch


def round_standing(record: RoundStanding) -> RenderableType:
    """Where every model stands in the newest round."""
    if record.watch is not None and record.source == "ledger":
        return _watched_alone(record, record.watch)
    rows = table("model", "status", "submission", "time UTC")
    for model in record.models:
        rows.add_row(model.model, state(model.status), model.server_id or "–", _time(model.time))
    if record.round_number is None:
        heading = "no round is known"
    else:
        verb = "open until" if record.open else "closed at"
        heading = f"round {record.round_number}, {verb} {moment(record.deadline)}"
    if record.source == "ledger":
        heading += "; from the ledger, the server could not be asked"
    if record.watch is not None and not record.watch.due:
        return Group(Text(heading), Text(_quiet(record.watch)))
    told = [
        Text(f"{model.model}: the server says {model.problem}")
        for model in record.models
        if model.problem
    ]
    told += [line for model in record.models for line in finding_lines(model.findings)]
    return Group(Text(heading), rows, *told)


def _time(value: datetime | None) -> str:
    """Its column says that it is in UTC, for which a line of 80 has no room beside an id."""
    return moment(value).removesuffix(" UTC")


def _quiet(watch: Watch) -> str:
    whose = "the weekend's round" if watch.cadence == "weekly" else "a round"
    return f"not within {watch.minutes} minutes of the deadline of {whose}: no alarm"


def _watched_alone(record: RoundStanding, watch: Watch) -> RenderableType:
    """What a watchdog can say that could not ask the server, and what it does not know."""
    why = record.problem.message if record.problem else ""
    asked = Text(f"the server could not be asked: {why}")
    if not watch.due:
        return Group(asked, Text(f"by the calendar and this machine's clock {_quiet(watch)}"))
    if record.round_number is None:
        unseen = "a round may be about to close, and this machine has not seen which is open"
        return Group(asked, Text(f"{unseen}: whether a model is in it is not known"))
    rows = table("model", "status", "submission", "time UTC")
    for model in record.models:
        known = model.status if model.server_id else "not known"
        rows.add_row(model.model, state(known), model.server_id or "–", _time(model.time))
    heading = f"round {record.round_number}, open until {moment(record.deadline)}"
    if all(model.accepted for model in record.models):
        last = "the ledger has the proof that every model was accepted: no alarm"
    else:
        last = "what another program has submitted is not known"
    return Group(Text(f"{heading}, by this machine's clock"), rows, asked, Text(last))
