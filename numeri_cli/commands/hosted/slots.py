"""Which slot of the account is meant, and whether Numerai runs uploaded models for it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedSlot
from numeri_cli.commands.context import Context
from numeri_cli.errors import ModelUnknown, ScopeMissing, SlotUnfit, WebhookSet, did_you_mean
from numeri_cli.tournaments import CLASSIC, NAMES_OF_OTHERS

UPLOAD_SCOPE = "upload_submission"


def account_slots(context: Context) -> tuple[HostedSlot, ...]:
    """All slots of the account. Raises SlotUnfit where another tournament is meant."""
    if context.endpoint.kind.number != CLASSIC.number:
        raise SlotUnfit(
            f"Numerai runs uploaded models for Classic only, not for {context.endpoint.kind.name}",
            hint="`numeri schedule install` has this machine submit for the others",
        )
    context.make_practice()
    context.require_keys()
    return calls.slots(context.client)


def require_scope(context: Context, scope: str) -> None:
    """Raise ScopeMissing before any work where the keys may not do what is to be done."""
    if scope not in context.client.token_info().scopes:
        raise ScopeMissing(
            f"the keys lack the scope {scope}",
            hint=f"make a key with the scope {scope} on numer.ai, then `numeri login`",
        )


def slot_named(known: Sequence[HostedSlot], name: str) -> HostedSlot:
    """The slot of Classic that has this name. Raises SlotUnfit, ModelUnknown."""
    found = [one for one in known if one.name == name]
    classic = [one for one in found if one.tournament == CLASSIC.number]
    if classic:
        return classic[0]
    own = [one.name for one in known if one.tournament == CLASSIC.number]
    listed = f"the account's models in Classic: {', '.join(sorted(own)[:10]) or 'none'}"
    if found:
        number = found[0].tournament
        kind = NAMES_OF_OTHERS.get(number, f"tournament {number}")
        raise SlotUnfit(
            f"{name} is a slot of {kind}, and Numerai runs uploaded models for Classic only",
            hint=listed,
        )
    hint = did_you_mean(name, own, otherwise=listed)
    raise ModelUnknown(f"the account has no model {name!r}", hint=hint)


def slot_for_file(context: Context, known: Sequence[HostedSlot], *, file: str) -> HostedSlot:
    """The one slot that a file can be meant for. Raises ModelUnknown where there are several."""
    own = [one.name for one in known if one.tournament == CLASSIC.number]
    names = own
    if context.profile_path is not None or context.uses_starter:
        names = [name for name in context.profile.models if name in own] or own
    if len(names) != 1:
        listed = ", ".join(sorted(names)[:10]) or "no model at all"
        raise ModelUnknown(
            f"{file} could be for any of {listed}",
            hint=f"say which: --model {names[0]}" if names else "make a model on numer.ai",
        )
    return slot_named(known, names[0])


def name_of(known: Sequence[HostedSlot], slot_id: str) -> str:
    """What the account calls a slot; its id where it is not the account's."""
    return next((one.name for one in known if one.id == slot_id), slot_id)


def shown_webhook(address: str) -> str:
    """A webhook without what makes it hard to guess."""
    try:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}/…"
    except ValueError:
        return "an address that is none"


def take_webhook_off(context: Context, slot: HostedSlot) -> None:
    """Take off the webhook of a slot, and say so; nothing where there is none."""
    if slot.webhook is not None:
        calls.set_webhook(context.client, model_id=slot.id, address=None)
        context.listener.say(f"The webhook {shown_webhook(slot.webhook)} is off {slot.name} now")


def require_no_webhook(slot: HostedSlot) -> None:
    """Raise WebhookSet where a webhook keeps an uploaded model of this slot from running."""
    if slot.webhook is not None:
        raise WebhookSet(
            f"{slot.name} has the webhook {shown_webhook(slot.webhook)}, and Numerai runs an"
            " uploaded model only where there is none",
            hint=f"`numeri hosted webhook off {slot.name}` takes it off; so does --webhook-off",
        )
