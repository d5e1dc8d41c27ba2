"""Whether what the server holds for the newest round was made for an earlier one."""

from __future__ import annotations

from collections.abc import Iterator

from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine, mend
from numeri_cli.errors import NumeriError
from numeri_cli.records import LatestSubmission, Round

name = "carried over"
own_errors: tuple[type[NumeriError], ...] = ()


def look(examination: Examination) -> Iterator[Finding]:
    """By time, and by what this machine and the server know of earlier rounds."""
    context = examination.context
    newest = examination.newest_round
    rows = examination.latest_submissions
    held = [row for row in rows if row.round_number == newest.number and row.id is not None]
    found = [
        mend(
            name,
            "carried_over",
            f"{row.model}: round {newest.number} holds a submission that was made for an earlier"
            " round",
            hint="`numeri run` replaces it while the round is open",
        )
        for row in held
        if row.model in context.profile.models and _is_older(examination, row, newest, rows)
    ]
    yield from found or [fine(name, f"nothing in round {newest.number}")]


def _is_older(
    examination: Examination,
    row: LatestSubmission,
    newest: Round,
    rows: tuple[LatestSubmission, ...],
) -> bool:
    if row.time is not None and row.time <= newest.open_time:
        return True
    receipts = examination.context.ledger.receipts(examination.context.tournament, model=row.model)
    earlier = [one for one in receipts if one.round_number < newest.number]
    ids = {one.server_id for one in earlier} | {
        one.id for one in rows if one.model == row.model and one.round_number < newest.number
    }
    files = {one.filename for one in earlier if one.timing in ("late", "queued")}
    return row.id in ids or (row.filename is not None and row.filename in files)
