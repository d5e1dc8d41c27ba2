"""numeri account: models, stakes and ranks; beside it the account's locks and its models' names."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from numeri_cli.api import standing as api_standing
from numeri_cli.commands import standing
from numeri_cli.commands.context import Context
from numeri_cli.commands.payouts import PayoutRow, payout_rows
from numeri_cli.errors import ApiError, LocksUnsupported, ModelUnknown, did_you_mean
from numeri_cli.home import shared_lock_folders, shared_lock_name
from numeri_cli.ledger import accounts
from numeri_cli.ledger.accounts import KnownModel
from numeri_cli.locks import held_lock
from numeri_cli.published import Published
from numeri_cli.records import ModelSlot


@dataclass(frozen=True)
class StandingRow(Published):
    """One model: its money in NMR, its ranks and returns as the server shows them, else None.

    archived: the owner put it away; at_risk_nmr: in all rounds that are not settled
    """

    model: str
    model_id: str
    archived: bool
    stake_nmr: Decimal | None
    at_risk_nmr: Decimal
    pending_nmr: Decimal
    corr60_rank: int | None
    mmc60_rank: int | None
    return_1d: float | None
    return_3m: float | None
    return_1y: float | None


@dataclass(frozen=True)
class RoundAtRisk(Published):
    """What all models together have at risk in a round that is not settled."""

    round_number: int
    models: int
    at_risk_nmr: Decimal
    date: date | None


@dataclass(frozen=True)
class AccountReport(Published):
    """The account as of a time; offline: the server could not be asked."""

    tournament: str
    account: str
    as_of: datetime
    offline: bool
    available_nmr: Decimal | None
    scopes: tuple[str, ...]
    staked_nmr: Decimal
    at_risk_nmr: Decimal
    models: tuple[StandingRow, ...]
    open_rounds: tuple[RoundAtRisk, ...]


def account(context: Context) -> AccountReport:
    """Bring what is new and tell how the account stands. Raises what `standing.own` raises."""
    whose = standing.own(context)
    if not whose.offline:
        for one in whose.models:
            _bring_profile(context, one)
    known = standing.known_account(context)
    rows = [row for row in payout_rows(context, whose) if row.state == "pending"]
    name = whose.account
    models = accounts.models(context.ledger, context.tournament, account_name=name)
    shown = tuple(_standing_row(one, rows) for one in models if one.listed)
    return AccountReport(
        tournament=context.tournament,
        account=name,
        as_of=whose.as_of,
        offline=whose.offline,
        available_nmr=None if known is None else known.available_nmr,
        scopes=() if known is None else known.scopes,
        staked_nmr=sum((one.stake_nmr or Decimal(0) for one in shown), start=Decimal(0)),
        at_risk_nmr=_at_risk(rows),
        models=shown,
        open_rounds=_open_rounds(rows),
    )


def _bring_profile(context: Context, model: KnownModel) -> None:
    try:
        found = api_standing.profile(context.client, model.name)
    except ApiError as error:
        context.listener.say(f"going on without the ranks of {model.name}: {error.message}")
        return
    accounts.keep_profile(context.ledger, context.tournament, model.id, profile=found)


def _standing_row(model: KnownModel, rows: list[PayoutRow]) -> StandingRow:
    own = [row for row in rows if row.model == model.name]

    def rank(name: str) -> int | None:
        found = model.profile.get(name)
        return None if found is None else int(found)

    return StandingRow(
        model=model.name,
        model_id=model.id,
        archived=model.archived,
        stake_nmr=model.stake_nmr,
        at_risk_nmr=_at_risk(own),
        pending_nmr=sum((row.payout_nmr for row in own), start=Decimal(0)),
        corr60_rank=rank("corr60_rank"),
        mmc60_rank=rank("mmc60_rank"),
        return_1d=model.profile.get("return_1d"),
        return_3m=model.profile.get("return_3m"),
        return_1y=model.profile.get("return_1y"),
    )


def _open_rounds(rows: list[PayoutRow]) -> tuple[RoundAtRisk, ...]:
    rounds: defaultdict[int, list[PayoutRow]] = defaultdict(list)
    for row in rows:
        if row.at_risk_nmr:
            rounds[row.round_number].append(row)
    return tuple(
        RoundAtRisk(
            round_number=number,
            models=len(own),
            at_risk_nmr=_at_risk(own),
            date=own[0].date,
        )
        for number, own in sorted(rounds.items(), reverse=True)
    )


def _at_risk(rows: list[PayoutRow]) -> Decimal:
    return sum((row.at_risk_nmr or Decimal(0) for row in rows), start=Decimal(0))


@contextmanager
def only_run(context: Context) -> Iterator[None]:
    """The lock of the account, in this home and for all homes of this user.

    Whatever key is used, the account is the same. Raises KeysMissing, LockHeld.
    """
    public_id = context.require_keys().public_id
    what = f"a run for {context.tournament} of this account"
    with held_lock(context.home.lock(context.tournament, public_id), what=what):
        if context.endpoint.is_practice:  # it belongs to one home
            yield
            return
        name = shared_lock_name(context.tournament, _account(context, otherwise=public_id))
        with ExitStack() as stack:
            for folder in _shared_folders():
                with suppress(LocksUnsupported):  # a disk without locks is no good for this
                    stack.enter_context(held_lock(folder / name, what=what))
                    break
            yield


def _account(context: Context, *, otherwise: str) -> str:
    """The account's name; `otherwise` where the server does not tell it now."""
    try:
        return context.client.token_info().account
    except ApiError:
        return otherwise


def _shared_folders() -> Iterator[Path]:
    """Folders of this user's that all homes share, as far as they can be had, the best first."""
    for folder in shared_lock_folders():
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            is_ours = not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
        except OSError:
            continue
        if is_ours and os.access(folder, os.W_OK | os.X_OK):
            yield folder


def slots(context: Context) -> Mapping[str, ModelSlot]:
    """The account's models by name."""
    return {slot.name: slot for slot in context.client.models()}


def slot_of(known: Mapping[str, ModelSlot], name: str) -> ModelSlot:
    """The account's model of that name. Raises ModelUnknown naming the nearest."""
    if name in known:
        return known[name]
    listed = ", ".join(sorted(known)[:10]) or "none"
    more = "a new one is made on numer.ai, in practice by `numeri practice add-model`"
    hint = did_you_mean(name, known, otherwise=f"the account's models: {listed}; {more}")
    raise ModelUnknown(f"the account has no model {name!r}", hint=hint)
