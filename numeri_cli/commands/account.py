"""The account in this tournament: its locks and its models."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.errors import ApiError, ModelUnknown, did_you_mean
from numeri_cli.home import shared_lock_folders, shared_lock_name
from numeri_cli.locks import held_lock
from numeri_cli.records import ModelSlot


@contextmanager
def only_run(context: Context) -> Iterator[None]:
    """The lock of the account, in this home and for all homes of this user.

    Whatever key is used, the account is the same. Raises KeysMissing, LockHeld.
    """
    public_id = context.require_keys().public_id
    what = f"a run for {context.tournament} of this account"
    with held_lock(context.home.lock(context.tournament, public_id), what=what):
        folder = None if context.endpoint.is_practice else _shared_folder()
        if folder is None:  # a practice tournament belongs to one home
            yield
            return
        name = shared_lock_name(context.tournament, _account(context, otherwise=public_id))
        with held_lock(folder / name, what=what):
            yield


def _account(context: Context, *, otherwise: str) -> str:
    """The account's name; `otherwise` where the server does not tell it now."""
    try:
        return context.client.token_info().account
    except ApiError:
        return otherwise


def _shared_folder() -> Path | None:
    """A folder of this user's that all homes share; None where none can be had."""
    for folder in shared_lock_folders():
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            is_ours = not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
        except OSError:
            continue
        if is_ours and os.access(folder, os.W_OK | os.X_OK):
            return folder
    return None


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
