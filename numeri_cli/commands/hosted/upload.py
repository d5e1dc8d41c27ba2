"""numeri hosted upload: a pickle to Numerai's machines, tried there, assigned, proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedPickle, HostedSlot
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.assignment import put, require_alone
from numeri_cli.commands.hosted.delivery import Delivered, PickleDelivery
from numeri_cli.commands.hosted.facts import set_label
from numeri_cli.commands.hosted.slots import (
    UPLOAD_SCOPE,
    account_slots,
    require_no_webhook,
    require_scope,
    shown_webhook,
    slot_for_file,
    slot_named,
    take_webhook_off,
)
from numeri_cli.commands.hosted.sources import Making, UploadSource, of_file, of_model
from numeri_cli.commands.hosted.verdict import VALIDATION, await_end, require_validated
from numeri_cli.errors import UsageProblem
from numeri_cli.learning.estimators.function import is_pickle
from numeri_cli.ledger.hosted_uploads import UploadState, advance_upload
from numeri_cli.locks import held_lock
from numeri_cli.published import Published


@dataclass(frozen=True, kw_only=True)
class HostedUpload(Published):
    """A pickle that Numerai has tried and can run.

    model: the slot; digest: SHA-256 of the pickle, in hex
    targets: what it predicts, as far as is known; checked: it was tried here before the upload
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
    targets: tuple[str, ...]
    checked: bool
    status: str
    uploaded: bool
    assigned: bool
    replaced: str | None
    webhook: str | None


@dataclass(frozen=True, kw_only=True)
class UploadWishes:
    """What is asked for beside the upload; making: of the pickle, and whether it is tried here.

    also: other slots may have the same model; webhook_off: take off what is on the slot
    """

    making: Making
    assign: bool = False
    also: bool = False
    webhook_off: bool = False


def upload(
    context: Context, word: str, *, slot: str | None = None, wishes: UploadWishes
) -> HostedUpload:
    """Upload a pickle, wait for the server's verdict, assign it where that is asked for.

    word: a model of the profile, or a pickle; slot: of a pickle, by default the one that can be
    meant
    Raises FileMissing, FileDamaged, PickleUnfit, PythonMissing, ModelUnknown, SlotUnfit,
    WebhookSet, HostedTwice, HostedFailed, HostedPending, RateLimited, LockHeld, what making a
    pickle raises, and what the client and upload raise.
    """
    if slot is not None and not is_pickle(word):
        raise UsageProblem(
            f"--model says nothing beside the model {word}", hint="it is for a pickle"
        )
    if is_pickle(word) and wishes.making.bare and not wishes.making.check:
        raise UsageProblem(
            f"--bare says nothing of {word} with --no-check",
            hint="it is for what is made or tried here: leave one of them out",
        )
    known = account_slots(context)
    require_scope(context, UPLOAD_SCOPE)
    chosen = _slot_of(context, known, word, slot=slot)
    if wishes.assign and not wishes.webhook_off:
        require_no_webhook(chosen)
    lock = context.home.lock(context.tournament, f"hosted {chosen.id}")
    with held_lock(lock, what=f"an upload of a model for {chosen.name}"):
        if is_pickle(word):
            source = of_file(context, Path(word), wishes.making)
        else:
            source = of_model(context, word, wishes.making)
        return _sent(context, chosen, source, wishes=wishes)


def _slot_of(
    context: Context, known: Sequence[HostedSlot], word: str, *, slot: str | None
) -> HostedSlot:
    if not is_pickle(word):
        if Path(word).is_file():
            raise UsageProblem(f"{word} is not named like a pickle", hint="call it model.pkl")
        context.require_profile().model(word)  # refuses, naming the nearest
        return slot_named(known, word)
    return slot_named(known, slot) if slot else slot_for_file(context, known, file=word)


def _sent(
    context: Context, slot: HostedSlot, source: UploadSource, *, wishes: UploadWishes
) -> HostedUpload:
    delivery = PickleDelivery(context=context, slot=slot, source=source)
    delivered = delivery.run()
    found = _judged(delivery, delivered)
    replaced = None
    if wishes.assign:
        replaced = slot.pickle_id if slot.pickle_id != found.id else None
        slot = _assigned(context, slot, found, wishes=wishes)
    return HostedUpload(
        model=slot.name,
        file=str(source.file),
        digest=source.digest,
        size_bytes=len(source.content),
        pickle_id=found.id,
        filename=found.filename,
        image=source.surroundings.image,
        data_version=source.surroundings.data_version,
        targets=source.facts.targets,
        checked=source.facts.checked,
        status=found.status,
        uploaded=delivered.uploaded,
        assigned=slot.pickle_id == found.id,
        replaced=replaced,
        webhook=None if slot.webhook is None else shown_webhook(slot.webhook),
    )


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
        set_label(context, found.id, delivery.source.facts)
    return found


def _assigned(
    context: Context, slot: HostedSlot, found: HostedPickle, *, wishes: UploadWishes
) -> HostedSlot:
    """The slot with the pickle in it. Raises HostedTwice, HostedPending."""
    if not wishes.also:
        require_alone(found, slot, calls.slots(context.client))
    if wishes.webhook_off:
        take_webhook_off(context, slot)
    return put(context, slot, found.id)
