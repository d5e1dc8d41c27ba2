"""numeri hosted run: the uploaded model of a slot runs now, on Numerai's machines."""

from __future__ import annotations

from dataclasses import dataclass

from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedPickle, HostedTrigger
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.pickles import assigned_to
from numeri_cli.commands.hosted.runner_logs import VALIDATED_BY, run_lines
from numeri_cli.commands.hosted.slots import UPLOAD_SCOPE, account_slots, require_scope, slot_named
from numeri_cli.commands.hosted.verdict import Watched, await_end, failure, require_validated
from numeri_cli.published import Published


@dataclass(frozen=True, kw_only=True)
class HostedRunResult(Published):
    """A run that came to its end.

    status: the server's word; submission_id: of what it submitted, None where that was nothing
    no_round: the log says that no round is open, which is no failure
    accepted: the submission counts; None where there is none, or the server does not say yet
    """

    model: str
    pickle_id: str
    trigger_id: str
    status: str
    submission_id: str | None
    accepted: bool | None
    no_round: bool
    log: tuple[str, ...]


def run(context: Context, model: str) -> HostedRunResult:
    """Have it run for the open round, and wait for its end.

    Raises ModelUnknown, SlotUnfit, HostedMissing, HostedFailed, HostedPending, RateLimited and
    what the client raises.
    """
    slot = slot_named(account_slots(context), model)
    require_scope(context, UPLOAD_SCOPE)
    client = context.client
    pickle = assigned_to(slot, calls.pickles(client))
    require_validated(client, pickle, name=slot.name)
    known = frozenset(one.id for one in pickle.triggers)
    calls.trigger(client, model_id=slot.id, pickle_id=pickle.id, known=known)

    def newest(found: HostedPickle) -> HostedTrigger | None:
        return next((one for one in found.triggers if one.id not in known), None)

    def status(found: HostedPickle) -> str:
        fresh = newest(found)
        return "not shown yet" if fresh is None else fresh.status

    def is_end(found: HostedPickle) -> bool:
        fresh = newest(found)
        return fresh is not None and (fresh.succeeded or fresh.refused)

    watched = Watched(
        what="the run",
        status=status,
        is_end=is_end,
        later=f"it goes on without this command: `numeri hosted status {slot.name}` shows how it"
        " went, and the same command would start another run",
    )
    ended = await_end(client, pickle.id, watched, name=slot.name, listener=context.listener)
    made = next(one for one in ended.triggers if one.id not in known)
    if made.refused:
        raise failure(client, ended, made, what=f"the run of {slot.name} failed")
    log = run_lines(client, made)
    return HostedRunResult(
        model=slot.name,
        pickle_id=pickle.id,
        trigger_id=made.id,
        status=made.status,
        submission_id=made.submission_id,
        accepted=_accepted(context, made.submission_id),
        no_round=any(VALIDATED_BY in line for line in log),
        log=log,
    )


def _accepted(context: Context, submission_id: str | None) -> bool | None:
    found = context.client.submission(submission_id) if submission_id else None
    if found is None or found.pending:
        return None
    return found.accepted
