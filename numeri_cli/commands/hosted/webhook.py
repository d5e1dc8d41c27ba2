"""numeri hosted webhook: the address that Numerai calls when a round opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedSlot
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.runner_logs import split_lines
from numeri_cli.commands.hosted.slots import account_slots, shown_webhook, slot_named
from numeri_cli.errors import ApiError, HostedMissing, HostedPending, UsageProblem, WebhookSet
from numeri_cli.published import Published
from numeri_cli.tournaments import CLASSIC
from numeri_cli.webhook_address import require_safe_webhook

_EASY_TO_GUESS = 16  # a path with fewer characters is no secret


@dataclass(frozen=True, kw_only=True)
class WebhookRow(Published):
    """The webhook of a slot, without what makes it hard to guess; None where there is none.

    trigger_id, log: of its call, where it was called
    """

    model: str
    webhook: str | None
    changed: bool
    trigger_id: str | None = None
    log: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Webhooks(Published):
    """What was done, by slot."""

    models: tuple[WebhookRow, ...]
    notes: tuple[str, ...] = ()


def set_address(context: Context, address: str, *, models: Sequence[str]) -> Webhooks:
    """Have an address called when a round opens, and prove that it is kept.

    models: slots; by default those of the profile, or the only one
    Raises UsageProblem for what is no address, WebhookSet for a slot that runs an uploaded model,
    ModelUnknown, SlotUnfit, HostedPending and what the client raises.
    """
    notes = _judged(address)
    for secret in {address, urlsplit(address).path.strip("/")}:
        context.log.mask.know(secret)
    chosen = _chosen(context, models)
    for slot in chosen:
        if slot.pickle_id is not None:
            raise WebhookSet(
                f"{slot.name} runs an uploaded model, which Numerai does only without a webhook",
                hint=f"`numeri hosted remove {slot.name}` takes the model off",
            )
    return Webhooks(models=_put(context, chosen, address), notes=notes)


def take_off(context: Context, *, models: Sequence[str]) -> Webhooks:
    """Have no address called any more, and prove it."""
    return Webhooks(models=_put(context, _chosen(context, models), None))


def try_out(context: Context, *, models: Sequence[str]) -> Webhooks:
    """Have the webhooks called now, as when a round opens; what came of it is in the log.

    Raises HostedMissing where a slot has none, and what `set_address` raises.
    """
    rows = []
    for slot in _chosen(context, models):
        if slot.webhook is None:
            raise HostedMissing(
                f"{slot.name} has no webhook",
                hint="`numeri listen` makes an address, `numeri hosted webhook set` sets it",
            )
        trigger_id = calls.call_webhook(context.client, slot.id)
        try:
            log = split_lines(calls.trigger_log(context.client, trigger_id))
        except ApiError as error:
            log = (f"its log cannot be had: {error.message}",)
        rows.append(
            WebhookRow(
                model=slot.name,
                webhook=shown_webhook(slot.webhook),
                changed=False,
                trigger_id=trigger_id,
                log=log,
            )
        )
    return Webhooks(models=tuple(rows))


def _judged(address: str) -> tuple[str, ...]:
    """What is to be said of an address. Raises UsageProblem where it is none, or unsafe."""
    try:
        require_safe_webhook(address)
        if not address.startswith(("http://", "https://")):
            raise ValueError("must begin with https://")
    except ValueError as error:
        raise UsageProblem(
            f"the address of the webhook {error}",
            hint="`numeri guide listen` tells how a reverse proxy brings TLS",
        ) from None
    if len(urlsplit(address).path.strip("/")) < _EASY_TO_GUESS:
        told = "whoever guesses this address can start your runs: `numeri listen` makes a long path"
        return (told,)
    return ()


def _chosen(context: Context, models: Sequence[str]) -> list[HostedSlot]:
    known = account_slots(context)
    if models:
        return [slot_named(known, name) for name in dict.fromkeys(models)]
    own = [one.name for one in known if one.tournament == CLASSIC.number]
    if context.profile_path is not None or context.uses_starter:
        names = list(context.profile.models)
    elif len(own) == 1:
        names = own
    else:
        raise UsageProblem(
            f"the webhook could be for any of {', '.join(own[:10]) or 'no model at all'}",
            hint="name the models behind it",
        )
    return [slot_named(known, name) for name in names]


def _put(
    context: Context, slots: Sequence[HostedSlot], address: str | None
) -> tuple[WebhookRow, ...]:
    for slot in slots:
        if slot.webhook != address:
            calls.set_webhook(context.client, model_id=slot.id, address=address)
    now = {one.id: one.webhook for one in calls.slots(context.client)}
    for slot in slots:
        if now.get(slot.id) != address:
            raise HostedPending(
                f"the server took the change, but does not show it at {slot.name}",
                hint="run the same command again",
            )
    shown = None if address is None else shown_webhook(address)
    return tuple(
        WebhookRow(model=slot.name, webhook=shown, changed=slot.webhook != address)
        for slot in slots
    )
