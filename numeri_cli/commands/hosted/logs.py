"""numeri hosted logs: what Numerai's machines said of an uploaded model, the telling line first."""

from __future__ import annotations

from dataclasses import dataclass

from numeri_cli.api.hosted import calls
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.pickles import of_slot
from numeri_cli.commands.hosted.runner_logs import (
    line_that_matters,
    reason_of,
    run_lines,
    split_lines,
)
from numeri_cli.commands.hosted.slots import account_slots, slot_named
from numeri_cli.published import Published


@dataclass(frozen=True, kw_only=True)
class RunnerLog(Published):
    """The log of one run; telling: the line that says why it failed, None where it did not.

    meaning, cure: of that line, where it is known
    """

    trigger_id: str
    status: str
    telling: str | None
    meaning: str | None
    cure: str | None
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HostedLogs(Published):
    """Logs of an uploaded model: of its newest runs, newest first, and of its diagnostics."""

    model: str
    pickle_id: str
    filename: str
    status: str
    runs: tuple[RunnerLog, ...]
    diagnostics_status: str | None
    diagnostics: tuple[str, ...]


def logs(
    context: Context, model: str, *, pickle_id: str | None = None, limit: int = 1
) -> HostedLogs:
    """The logs of the newest `limit` runs and of the diagnostics.

    pickle_id: by default what the slot runs, else the newest that was uploaded for it
    Raises ModelUnknown, SlotUnfit, HostedMissing and what the client raises.
    """
    slot = slot_named(account_slots(context), model)
    client = context.client
    pickle = of_slot(slot, calls.pickles(client), pickle_id=pickle_id)
    runs = []
    for run in pickle.triggers[:limit]:
        lines = run_lines(client, run)
        telling = line_that_matters(lines) if run.refused else None
        reason = reason_of(telling) if telling else None
        runs.append(
            RunnerLog(
                trigger_id=run.id,
                status=run.status,
                telling=telling,
                meaning=reason.meaning if reason else None,
                cure=reason.cure if reason else None,
                lines=lines,
            )
        )
    diagnostics: tuple[str, ...] = ()
    if pickle.diagnostics_status is not None:
        diagnostics = split_lines(calls.diagnostics_log(client, pickle.id))
        if pickle.diagnostics_words:
            diagnostics = (*diagnostics, pickle.diagnostics_words)
    return HostedLogs(
        model=slot.name,
        pickle_id=pickle.id,
        filename=pickle.filename,
        status=pickle.status,
        runs=tuple(runs),
        diagnostics_status=pickle.diagnostics_status,
        diagnostics=diagnostics,
    )
