"""The caller on the wire: account, keys, models; and changes that are only echoed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from numeri_cli.practice.participants import accounts, submissions
from numeri_cli.practice.participants.accounts import ApiKey, ParticipantModel, opaque_id
from numeri_cli.practice.participants.refusals import Refusal, on_chain_only
from numeri_cli.practice.rounds import reputations
from numeri_cli.practice.server.resolvers.hosting import hosted_in
from numeri_cli.practice.server.resolvers.request import (
    CLASSIC,
    ApiRequest,
    RequestView,
    Wire,
    page,
    viewing,
)
from numeri_cli.practice.server.resolvers.submissions import latest_submissions, submission_wire

INFO_SCOPE = "read_user_info"
WRITE_SCOPE = "write_user_info"
STAKING_DISABLED = "Staking v2 is disabled"


def account(view: RequestView) -> Wire:
    """The caller's account."""
    caller = view.caller(INFO_SCOPE)
    own = caller.account
    return {
        "id": own.id,
        "username": own.username,
        "displayName": own.username,
        "email": own.email,
        "status": "VERIFIED",
        "insertedAt": own.inserted_at,
        "mfaEnabled": False,
        "walletAddress": None,
        "availableNmr": own.available_nmr,
        "walletTxns": lambda **window: _wallet(view, own.id, **window),
        "apiTokens": lambda: [_key_wire(key) for key in accounts.keys_of(view.connection, own.id)],
        "models": lambda **_: [
            model_wire(view, model) for model in accounts.models_of(view.connection, own.id)
        ],
    }


def _wallet(
    view: RequestView, account_id: str, *, limit: int | None = None, offset: int | None = None
) -> list[Wire]:
    """What went from the account into stakes and back."""
    rows: list[Wire] = [
        {
            "time": move.moved_at,
            "type": move.kind,
            "status": "confirmed",
            "amount": abs(move.amount_nmr),
            "from": view_name if move.kind == "increase" else model.name,
            "to": model.name if move.kind == "increase" else view_name,
            "tournament": CLASSIC,
            "txHash": None,
        }
        for model in accounts.models_of(view.connection, account_id)
        for view_name in [model.account_name]
        for move in reputations.stake_moves_of(view.connection, model.id)
        if move.kind in ("increase", "decrease")
    ]
    rows.sort(key=lambda row: row["time"], reverse=True)
    return page(rows, limit=limit, offset=offset)


def _key_wire(key: ApiKey) -> Wire:
    return {"name": key.name, "publicId": key.public_id, "scopes": list(key.scopes)}


def api_token_info(view: RequestView) -> Wire:
    """What the caller's key is and may do; any key may ask."""
    caller = view.caller()
    return {**_key_wire(caller.key), "accountUsername": caller.account.username}


def model(view: RequestView, *, model_id: str | None = None) -> Wire:
    """One of the caller's models."""
    return model_wire(view, view.own_model(view.caller(INFO_SCOPE), model_id))


def model_wire(view: RequestView, one: ParticipantModel) -> Wire:
    """A model slot as the API shows it to its owner."""
    return {
        "id": one.id,
        "name": one.name,
        "username": one.account_name,
        "tournament": CLASSIC,
        "archived": False,
        "insertedAt": one.inserted_at,
        "submissionWebhook": one.webhook,
        "computeEnabled": one.hosted_id is not None,
        "computePickleUpload": lambda: hosted_in(view, one),
        "submissions": _reading(view, lambda: _all_submissions(view, one.id)),
        "latestSubmissions": lambda latest_n_rounds=20: _latest(
            view, one.id, latest_n_rounds=latest_n_rounds
        ),
        "latestUserScores": lambda: user_scores(view, one.id),
        "v2Stake": {
            "tournamentNumber": CLASSIC,
            "stakeValue": one.stake_nmr or None,
            "latestValue": one.stake_nmr,
            "latestValueSettled": one.stake_nmr,
            "status": "confirmed" if one.stake_nmr else None,
            "txHash": None,
            "pendingV2ChangeStakeRequest": lambda: _returning(view, one),
        },
    }


def _returning(view: RequestView, one: ParticipantModel) -> Wire | None:
    """What is on its way from a model's stake to the wallet; due when the last round settles."""
    if one.wanted_nmr is None:
        return None
    (last,) = view.connection.execute(
        "SELECT max(round) FROM entries WHERE model_id = ?", (one.id,)
    ).fetchone()
    return {
        "id": opaque_id("decrease", one.id, one.wanted_nmr),
        "type": "decrease",
        "status": "pending",
        "requestedAmount": one.stake_nmr - one.wanted_nmr,
        "dueDate": view.state.calendar.round(last or view.state.live_round).resolves_at,
        "drain": not one.wanted_nmr,
    }


def _reading(view: RequestView, read: Callable[[], list[Wire]]) -> Callable[[], list[Wire]]:
    """A field that needs the scope to read submissions, asked for when it is selected."""

    def resolve() -> list[Wire]:
        view.caller("read_submission_info")
        return read()

    return resolve


def _all_submissions(view: RequestView, model_id: str) -> list[Wire]:
    found = submissions.submissions_of(view.connection, model_id)
    return [submission_wire(view, one) for one in found]


def _latest(view: RequestView, model_id: str, *, latest_n_rounds: int | None) -> list[Wire]:
    view.caller("read_submission_info")
    return latest_submissions(view, model_id, latest_n_rounds=latest_n_rounds)


def user_scores(view: RequestView, model_id: str) -> list[Wire]:
    """A model's reputations with their ranks."""
    everybody = reputations.ranked_models(view.connection, view.state.live_round)
    own = next(one for one in everybody if one.model.id == model_id)
    staked = [one for one in everybody if one.model.stake_nmr > 0]
    return [
        {
            "date": view.now,
            "displayName": name,
            "reputation": reputation,
            "rank": own.ranks[name],
            "stakedRank": 1
            + sum(one.ranks.get(name, own.ranks[name]) < own.ranks[name] for one in staked),
        }
        for name, reputation in own.reputations.items()
    ]


def _owned(asked: ApiRequest, model_id: str | None, *, scope: str) -> None:
    """Refuse where the model is not the caller's."""
    with viewing(asked) as view:
        view.own_model(view.caller(scope), model_id)


def set_user_bio(asked: ApiRequest, *, value: str, model_id: str | None = None) -> bool:
    """Profile edits are not kept: nobody here reads them."""
    _owned(asked, model_id, scope=WRITE_SCOPE)
    return True


def set_user_link(
    asked: ApiRequest,
    *,
    link_url: str,
    link_text: str | None = None,
    model_id: str | None = None,
) -> bool:
    """Links of a profile are not kept: nobody here reads them."""
    _owned(asked, model_id, scope=WRITE_SCOPE)
    return True


def v2_change_stake(
    asked: ApiRequest,
    *,
    model_id: str | None = None,
    tournament_number: int,
    type_: str,
    value: str,
) -> Wire:
    """Refused, as since the stakes moved to the chain."""
    _owned(asked, model_id, scope="stake")
    raise Refusal(STAKING_DISABLED)


def release_stake(
    asked: ApiRequest,
    *,
    model_id: str,
    amount: str,
    drain: bool | None = False,
) -> Wire:
    """Refused, as every change of a stake since they moved to the chain."""
    _owned(asked, model_id, scope="stake")
    raise Refusal(STAKING_DISABLED)


def latest_nmr_price(view: RequestView) -> Wire:
    """Practice NMR is worth nothing, and says so."""
    return {"priceUsd": Decimal(0), "lastUpdated": view.now}


def v3_stake_config(view: RequestView) -> Wire:
    """No contract takes stakes; an address, were it made up, might be sent somebody's money."""
    return {
        "address": None,
        "authorizationSigner": None,
        "nmrAddress": None,
        "owner": None,
        "paused": True,
        "pendingOwner": None,
        "serviceWallet": None,
    }


def v3_stake_other(view: RequestView, **_: str) -> Wire:
    """Needs a wallet and a contract; neither is here."""
    view.caller("web3_staking")
    raise on_chain_only()
