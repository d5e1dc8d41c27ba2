"""numeri hosted assign: an uploaded model submits for a slot from the next round on."""

from __future__ import annotations

from dataclasses import dataclass

from numeri_cli.api.hosted import calls
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.assignment import put, require_alone
from numeri_cli.commands.hosted.pickles import to_assign
from numeri_cli.commands.hosted.slots import (
    account_slots,
    require_no_webhook,
    slot_named,
    take_webhook_off,
)
from numeri_cli.published import Published


@dataclass(frozen=True, kw_only=True)
class HostedAssignment(Published):
    """What a slot runs, as the account shows it.

    pickle_id: None where nothing is assigned; replaced: the id of what was there before
    changed: by this call
    """

    model: str
    pickle_id: str | None
    filename: str | None
    replaced: str | None
    changed: bool


def assign(
    context: Context,
    model: str,
    *,
    pickle_id: str | None = None,
    also: bool = False,
    webhook_off: bool = False,
) -> HostedAssignment:
    """Put an uploaded model into a slot, and prove it.

    pickle_id: by default the newest validated one that was uploaded for the slot
    also: other slots may have it, too; webhook_off: take off what is on the slot
    Raises ModelUnknown, SlotUnfit, WebhookSet, HostedMissing, HostedFailed, HostedPending,
    HostedTwice and what the client raises.
    """
    known = account_slots(context)
    slot = slot_named(known, model)
    chosen = to_assign(slot, calls.pickles(context.client), pickle_id=pickle_id)
    if not webhook_off:
        require_no_webhook(slot)
    if not also:
        require_alone(chosen, slot, known)
    take_webhook_off(context, slot)
    put(context, slot, chosen.id)
    changed = slot.pickle_id != chosen.id
    return HostedAssignment(
        model=slot.name,
        pickle_id=chosen.id,
        filename=chosen.filename,
        replaced=slot.pickle_id if changed else None,
        changed=changed,
    )


def remove(context: Context, model: str) -> HostedAssignment:
    """Take off what a slot runs, and prove it; the uploaded model stays at the server.

    Raises ModelUnknown, SlotUnfit, HostedPending and what the client raises.
    """
    slot = slot_named(account_slots(context), model)
    put(context, slot, None)
    return HostedAssignment(
        model=slot.name,
        pickle_id=None,
        filename=None,
        replaced=slot.pickle_id,
        changed=slot.pickle_id is not None,
    )
