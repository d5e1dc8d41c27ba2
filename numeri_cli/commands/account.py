"""The account in this tournament: its lock and its models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from numeri_cli.commands.context import Context
from numeri_cli.errors import ModelUnknown, did_you_mean
from numeri_cli.locks import held_lock
from numeri_cli.records import ModelSlot


@contextmanager
def only_run(context: Context) -> Iterator[None]:
    """The lock of the account whose keys are used. Raises KeysMissing, LockHeld."""
    with held_lock(
        context.home.lock(context.tournament, context.require_keys().public_id),
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
