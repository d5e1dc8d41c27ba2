"""numeri hosted upload: a pickle to Numerai's machines, tried there, assigned, proved."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedPickle, HostedSlot
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.assignment import put, require_alone
from numeri_cli.commands.hosted.delivery import Delivered, PickleDelivery
from numeri_cli.commands.hosted.facts import facts_of_bytes, set_label
from numeri_cli.commands.hosted.slots import (
    UPLOAD_SCOPE,
    account_slots,
    require_no_webhook,
    require_scope,
    shown_webhook,
    slot_for_file,
    slot_named,
)
from numeri_cli.commands.hosted.surroundings import own_python, surroundings
from numeri_cli.commands.hosted.verdict import VALIDATION, await_end, require_validated
from numeri_cli.errors import FileMissing
from numeri_cli.files import disk_errors
from numeri_cli.ledger.hosted_uploads import UploadState, advance_upload
from numeri_cli.locks import held_lock
from numeri_cli.published import Published


@dataclass(frozen=True, kw_only=True)
class HostedUpload(Published):
    """A pickle that Numerai has tried and can run.

    model: the slot; digest: SHA-256 of the pickle, in hex
    uploaded: by this call; False where an earlier one had brought it
    assigned: to the slot, as the account shows it; replaced: the id of what was there before
    webhook: of the slot, without what makes it hard to guess; None where there is none
    """

    model: str
    file: str
    digest: str
    size_bytes: int
    pickle_id: str
    filename: str
    image: str
    data_version: str
    status: str
    uploaded: bool
    assigned: bool
    replaced: str | None
    webhook: str | None


@dataclass(frozen=True, kw_only=True)
class UploadWishes:
    """What is asked for beside the upload.

    image, data_version: as the API calls them; None for those that fit
    also: other slots may have the same model; webhook_off: take off what is on the slot
    """

    assign: bool = False
    also: bool = False
    webhook_off: bool = False
    image: str | None = None
    data_version: str | None = None


def upload(
    context: Context, source: str, *, model: str | None = None, wishes: UploadWishes
) -> HostedUpload:
    """Upload a pickle, wait for the server's verdict, assign it where that is asked for.

    model: the slot; by default the one that can be meant
    Raises FileMissing, ModelUnknown, SlotUnfit, WebhookSet, HostedTwice, HostedFailed,
    HostedPending, HostedMissing, RateLimited, LockHeld and what the client and upload raise.
    """
    path = Path(source)
    known = account_slots(context)
    require_scope(context, UPLOAD_SCOPE)
    slot = slot_named(known, model) if model else slot_for_file(context, known, file=source)
    if wishes.assign and not wishes.webhook_off:
        require_no_webhook(slot)
    content = _content_of(path)
    chosen = surroundings(
        context, image=wishes.image, data_version=wishes.data_version, python=own_python()
    )
    delivery = PickleDelivery(
        context=context,
        slot=slot,
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        surroundings=chosen,
        facts=facts_of_bytes(content),
    )
    lock = context.home.lock(context.tournament, f"hosted {slot.id}")
    with held_lock(lock, what=f"an upload of a model for {slot.name}"):
        delivered = delivery.run()
        found = _judged(delivery, delivered)
        if wishes.assign:
            slot, replaced = _assigned(context, slot, found, wishes=wishes), slot.pickle_id
        else:
            replaced = None
    return HostedUpload(
        model=slot.name,
        file=str(path),
        digest=delivery.digest,
        size_bytes=len(content),
        pickle_id=found.id,
        filename=found.filename,
        image=chosen.image.name,
        data_version=chosen.data.name,
        status=found.status,
        uploaded=delivered.uploaded,
        assigned=slot.pickle_id == found.id,
        replaced=replaced if replaced != found.id else None,
        webhook=None if slot.webhook is None else shown_webhook(slot.webhook),
    )


def _content_of(path: Path) -> bytes:
    if not path.is_file():
        raise FileMissing(
            f"there is no file {path}", hint="name a pickle, such as the one you made for Numerai"
        )
    with disk_errors(path):
        return path.read_bytes()


def _judged(delivery: PickleDelivery, delivered: Delivered) -> HostedPickle:
    """The pickle once the server has validated it. Raises HostedFailed, HostedPending."""
    context, name = delivery.context, delivery.slot.name
    found = await_end(
        context.client, delivered.pickle_id, VALIDATION, name=name, listener=context.listener
    )
    context.listener.step("hosted_judged")
    if delivered.entry is not None:
        state: UploadState = "refused" if found.refused else "validated"
        advance_upload(context.ledger, delivered.entry, state, time=datetime.now(UTC))
    require_validated(context.client, found, name=name)
    if delivered.uploaded:
        set_label(context, found.id, delivery.facts)
    return found


def _assigned(
    context: Context, slot: HostedSlot, found: HostedPickle, *, wishes: UploadWishes
) -> HostedSlot:
    """The slot with the pickle in it. Raises HostedTwice, HostedPending."""
    if not wishes.also:
        require_alone(found, slot, calls.slots(context.client))
    if slot.webhook is not None and wishes.webhook_off:
        calls.set_webhook(context.client, model_id=slot.id, address=None)
        context.listener.say(f"The webhook {shown_webhook(slot.webhook)} is off {slot.name} now")
    return put(context, slot, found.id)
