"""What is known of models' scores and money: brought from the server, else as the ledger has it.

Only what is new is asked for: the whole history of a model once, then the rounds that may still
have changed. Each model is kept by itself, so who was killed goes on with the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from numeri_cli.api import standing
from numeri_cli.commands.context import Context
from numeri_cli.errors import (
    ApiError,
    ModelUnknown,
    RateLimited,
    ServerTrouble,
    Unreachable,
    did_you_mean,
)
from numeri_cli.ledger import accounts, money, scores
from numeri_cli.ledger.accounts import KnownModel

LAST_ROUNDS = 70  # a round of today's that is older is resolved and does not change
_OFFLINE_SECONDS = 8.0  # of tries, before what is known is shown
_GONE = (Unreachable, ServerTrouble, RateLimited)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whose models are shown, and of when what is known of them is.

    account: "" for somebody's whose account is not told; as_of: by the server's clock
    offline: the server could not be asked
    """

    account: str
    models: tuple[KnownModel, ...]
    as_of: datetime
    offline: bool

    @property
    def ids(self) -> tuple[str, ...]:
        """The models' ids."""
        return tuple(one.id for one in self.models)

    def name_of(self, model_id: str) -> str:
        """The name of one of the models, as it is now."""
        return next(one.name for one in self.models if one.id == model_id)


def own(context: Context, asked: Sequence[str] = ()) -> Standing:
    """The account's models, or those named, with their scores and money brought up to date.

    Raises KeysMissing, ScopeMissing and what else the client raises, ModelUnknown; a server that
    cannot be reached is no error where something is known.
    """
    context.require_keys()
    try:
        newest, seen = _account(context)
        # in the order of the ledger's keys, which fills the pages of its file
        for model in sorted(_chosen(context, asked), key=lambda one: one.id):
            if model.listed:
                _bring(context, model, newest_round=newest, seen=seen)
    except _GONE as gone:
        return _known(context, asked, gone=gone)
    return _known(context, asked, gone=None)


def somebodys(context: Context, name: str) -> Standing:
    """Anybody's model of that name, without keys. Raises ModelUnknown and what the client raises.

    A server that cannot be reached is no error where something is known.
    """
    client, ledger, key = context.client, context.ledger, context.tournament
    gone: ApiError | None = None
    try:
        with client.within(_OFFLINE_SECONDS):
            found = standing.somebody(client, name)
            seen = client.now()
        if found is None:
            raise _nobody(name)
        accounts.keep_somebody(ledger, key, standing=found, seen=seen)
        newest = _rules(context, seen=seen)
        for one in accounts.models(ledger, key, account_name=found.name):
            if one.id == found.models[0].id:
                _bring(context, one, newest_round=newest, seen=seen)
    except _GONE as trouble:
        gone = trouble
    model = accounts.model_named(ledger, key, name)
    if model is None:
        raise gone or _nobody(name)
    _say_gone(context, gone, of=model.seen)
    return Standing(
        account=model.account, models=(model,), as_of=model.seen, offline=gone is not None
    )


def _nobody(name: str) -> ModelUnknown:
    return ModelUnknown(
        f"nobody has a model {name[:40]!r}",
        hint="`numeri leaderboard` lists models by their names",
    )


def own_names(context: Context) -> frozenset[str]:
    """The account and its models, as far as they are known here; nobody is asked."""
    if context.keys is None:
        return frozenset()
    known = accounts.account(context.ledger, context.tournament, asker=asker(context))
    if known is None:
        return frozenset()
    found = accounts.models(context.ledger, context.tournament, account_name=known.name)
    return frozenset({known.name, *(one.name for one in found if one.listed)})


def known_account(context: Context) -> accounts.KnownAccount | None:
    """The account of the keys, as it was last told."""
    return accounts.account(context.ledger, context.tournament, asker=asker(context))


def asker(context: Context) -> str:
    """Stands for the keys in the ledger; nobody can tell them from it."""
    public_id = context.require_keys().public_id
    return hashlib.sha256(f"numeri {public_id}".encode()).hexdigest()[:16]


def _account(context: Context) -> tuple[int, datetime]:
    """Bring account, rounds, payouts and the price; the newest round, and when it was."""
    client, ledger, key = context.client, context.ledger, context.tournament
    with client.within(_OFFLINE_SECONDS):
        found = standing.account(client)
        seen = client.now()
    scopes = client.token_info().scopes
    accounts.keep_account(
        ledger, key, asker=asker(context), standing=found, scopes=scopes, seen=seen
    )
    newest = _rules(context, seen=seen)
    money.keep_payouts(ledger, key, standing.payouts(client), seen=seen)
    try:
        price = standing.price(client)
    except ApiError as error:
        context.listener.say(f"going on without the price of NMR: {error.message}")
        price = None
    if price is not None:
        money.keep_price(ledger, key, price, seen=seen)
    return newest, seen


def _rules(context: Context, *, seen: datetime) -> int:
    """Bring the rounds' configurations: all once, then those of the newest; the newest number."""
    ledger, key = context.ledger, context.tournament
    known = scores.rules(ledger, key)
    rounds = standing.rules(context.client, limit=LAST_ROUNDS if known else None)
    newest = max([*known, *(one.number for one in rounds)], default=0)
    missing = newest - LAST_ROUNDS > max(known, default=newest)
    if known and missing:  # nobody looked for longer than the newest go back
        rounds = standing.rules(context.client, limit=None)
    scores.keep_rules(ledger, key, rounds, seen=seen)
    return newest


def _bring(context: Context, model: KnownModel, *, newest_round: int, seen: datetime) -> None:
    """A model's rows since it was last asked for, and those that may have changed since then."""
    last = None
    if model.synced_round is not None:
        last = LAST_ROUNDS + max(newest_round - model.synced_round, 0)
    found = standing.history(context.client, model.id, last_rounds=last)
    scores.keep_history(
        context.ledger,
        context.tournament,
        model.id,
        history=found,
        newest_round=newest_round,
        seen=seen,
    )
    context.listener.step("model_brought")


def _known(context: Context, asked: Sequence[str], *, gone: ApiError | None) -> Standing:
    known = known_account(context)
    if known is None:
        raise gone or ModelUnknown("nothing is known of this account", hint="try again")
    _say_gone(context, gone, of=known.seen)
    return Standing(
        account=known.name,
        models=_chosen(context, asked),
        as_of=known.seen,
        offline=gone is not None,
    )


def _say_gone(context: Context, gone: ApiError | None, *, of: datetime) -> None:
    if gone is not None:
        context.listener.say(f"going on with what is known of {of:%Y-%m-%d %H:%M} UTC: {gone}")


def _chosen(context: Context, asked: Sequence[str]) -> tuple[KnownModel, ...]:
    """The models that are named, else those that the account lists. Raises ModelUnknown.

    One that the account no longer lists can still be named.
    """
    known = known_account(context)
    if known is None:
        return ()
    found = accounts.models(context.ledger, context.tournament, account_name=known.name)
    if not asked:
        return tuple(one for one in found if one.listed)
    by_name = {one.name: one for one in sorted(found, key=lambda one: (one.listed, one.seen))}
    for name in asked:
        if name not in by_name:
            listed = ", ".join(sorted(by_name)[:10]) or "none"
            hint = did_you_mean(name, by_name, otherwise=f"the account's models: {listed}")
            raise ModelUnknown(f"the account has no model {name[:40]!r}", hint=hint)
    return tuple(by_name[name] for name in dict.fromkeys(asked))
