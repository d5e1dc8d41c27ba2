"""The account in this tournament: its lock, its models, and whether there is still time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from numeri_cli.commands.context import Context
from numeri_cli.errors import ModelUnknown, NoRoundOpen, NumeriError, RoundClosed, did_you_mean
from numeri_cli.locks import held_lock
from numeri_cli.records import ModelSlot, Round


@contextmanager
def only_one(context: Context, account: str) -> Iterator[None]:
    """The lock of this account in this tournament. Raises LockHeld."""
    with held_lock(
        context.home.lock(context.tournament, account),
        what=f"a run for {context.tournament} of this account",
    ):
        yield


def slots(context: Context) -> Mapping[str, ModelSlot]:
    """The account's models by name."""
    return {slot.name: slot for slot in context.client.models()}


def slot_of(known: Mapping[str, ModelSlot], name: str) -> ModelSlot:
    """The account's model of that name. Raises ModelUnknown naming the nearest."""
    if name in known:
        return known[name]
    listed = ", ".join(sorted(known)[:10]) or "none"
    hint = did_you_mean(name, known, otherwise=f"the account's models: {listed}")
    raise ModelUnknown(f"the account has no model {name!r}", hint=hint)


def closed(context: Context, error: NoRoundOpen) -> NoRoundOpen:
    """The same error naming the round that closed last, where the server tells of one."""
    client = context.client
    try:
        known = [item for item in client.rounds(limit=5) if item.deadline <= client.now()]
    except NumeriError:
        return error
    if not known:
        return error
    last = max(known, key=lambda item: item.number)
    return NoRoundOpen(
        f"no round is open: round {last.number} closed at {last.deadline:%a %H:%M} UTC",
        hint="`numeri run --wait 24h` waits for the next one; `--late` submits to this one,"
        " scored without stake",
    )


def require_on_time(context: Context, round_: Round, *, late: bool) -> None:
    """Raise RoundClosed before any work is done for a round that is over."""
    now = context.client.now()
    if now >= round_.deadline and not late:
        raise RoundClosed(
            f"round {round_.number} closed at {round_.deadline:%a %H:%M} UTC",
            hint="the next one opens soon: `numeri run --wait 24h`; or `--late`, without stake",
        )
