"""Leaderboards and public profiles on the wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from numeri_cli.practice.participants import accounts
from numeri_cli.practice.participants.refusals import Refusal, not_found
from numeri_cli.practice.rounds import reputations
from numeri_cli.practice.rounds.account_reputations import RankedAccount, ranked_accounts
from numeri_cli.practice.rounds.reputations import RankedModel, Trailing, ranked_models
from numeri_cli.practice.server.resolvers.account import user_scores
from numeri_cli.practice.server.resolvers.request import (
    CLASSIC,
    RequestView,
    Wire,
    page,
    require_classic,
)
from numeri_cli.practice.server.resolvers.scores import newest_scores
from numeri_cli.practice.server.spelling import camel_case

DEFAULT_PAGE = 50
DAY = timedelta(days=1)
# columns of the real boards whose scores are not computed here
MODEL_COLUMNS_UNKNOWN = ("corj60Rep", "fncRep", "tcRep")
ACCOUNT_COLUMNS_UNKNOWN = ("cort20", "corJ60", "corrV4", "fncV4", "icV2", "ric")


def v2_leaderboard(
    view: RequestView,
    *,
    limit: int | None = DEFAULT_PAGE,
    offset: int | None = None,
    order_by: str | None = None,
    direction: str | None = None,
    filter_by: str | None = None,
) -> list[Wire]:
    """Models, the best first; `filterBy` keeps names that hold the text."""
    before = {one.model.id: one.rank for one in _yesterday(view)}
    rows = [
        _model_row(one, rank_before=before.get(one.model.id))
        for one in ranked_models(view.connection, view.state.live_round)
    ]
    return page(
        _named_like(_ordered(rows, order_by, direction=direction), filter_by),
        limit=limit,
        offset=offset,
    )


def _yesterday(view: RequestView) -> tuple[RankedModel, ...]:
    """How everybody stood a day ago."""
    moment = view.now - DAY
    live_round = min(view.state.calendar.number_at(moment), view.state.live_round)
    return ranked_models(view.connection, live_round, known_by=moment)


def _risen(rank: int, rank_before: int | None) -> int:
    """By how many places somebody has risen; 0 for who is new."""
    return 0 if rank_before is None else rank_before - rank


def _model_row(one: RankedModel, *, rank_before: int | None) -> Wire:
    return {
        "id": one.model.id,
        "username": one.model.name,
        "team": False,
        "rank": one.rank,
        "rankChange1d": _risen(one.rank, rank_before),
        "nmrStaked": one.model.stake_nmr,
        "return1Day": one.earnings[Trailing.week].share,
        "return13Weeks": one.earnings[Trailing.quarter].share,
        "return52Weeks": one.earnings[Trailing.year].share,
        "corr20Rep": one.reputations.get("v2_corr20"),
        "corr20V2Rep": one.reputations.get("v2_corr20"),
        "corr60Rep": one.reputations.get("corr60"),
        "mmcRep": one.reputations.get("mmc"),
        "mmc60Rep": one.reputations.get("mmc60"),
        "bmcRep": one.reputations.get("bmc"),
        "fncV3Rep": one.reputations.get("fnc_v3"),
        **dict.fromkeys(MODEL_COLUMNS_UNKNOWN),
    }


def account_leaderboard(
    view: RequestView,
    *,
    tournament: int | None = CLASSIC,
    limit: int | None = 500,
    offset: int | None = None,
    order_by: str | None = None,
    direction: str | None = None,
    filter_by: str | None = None,
) -> list[Wire]:
    """Accounts, the best first; an account's score is the stake-weighted one of its models."""
    require_classic(tournament)
    before = {one.id: one.rank for one in ranked_accounts(_yesterday(view))}
    rows = [
        _account_row(one, rank_before=before.get(one.id))
        for one in ranked_accounts(ranked_models(view.connection, view.state.live_round))
    ]
    return page(
        _named_like(_ordered(rows, order_by, direction=direction), filter_by),
        limit=limit,
        offset=offset,
    )


def _account_row(one: RankedAccount, *, rank_before: int | None) -> Wire:
    quarter, year, ever = (
        one.earnings[period] for period in (Trailing.quarter, Trailing.year, Trailing.ever)
    )
    return {
        "id": one.id,
        "username": one.username,
        "displayName": one.username,
        "team": False,
        "rank": one.rank,
        "rankChange1d": _risen(one.rank, rank_before),
        "nmrStaked": one.stake_nmr,
        "return3m": quarter.share,
        "return1y": year.share,
        "returnAllTime": ever.share,
        "return3mNmr": quarter.earned_nmr,
        "return1yNmr": year.earned_nmr,
        "returnAllTimeNmr": ever.earned_nmr,
        "v2Corr20": one.reputations.get("v2_corr20"),
        "corr60": one.reputations.get("corr60"),
        "mmc": one.reputations.get("mmc"),
        "mmc60": one.reputations.get("mmc60"),
        **dict.fromkeys(ACCOUNT_COLUMNS_UNKNOWN),
    }


def _ordered(rows: list[Wire], order_by: str | None, *, direction: str | None) -> list[Wire]:
    """All rows of a board in the order asked for, those without a value last; else by rank.

    Raises Refusal for what is no column, in either spelling, or no direction.
    """
    falls = {"asc": False, "desc": True}.get((direction or "desc").lower())
    if falls is None:
        raise Refusal(f"invalid direction: {str(direction)[:40]}")
    if order_by is None:
        return rows
    column = camel_case(order_by)
    if any(column not in row for row in rows):
        raise Refusal(f"invalid orderBy: {order_by[:40]}")
    known = [row for row in rows if row[column] is not None]
    unknown = [row for row in rows if row[column] is None]
    known.sort(key=lambda row: row[column], reverse=falls)
    return known + unknown


def _named_like(rows: list[Wire], text: str | None) -> list[Wire]:
    return [row for row in rows if (text or "") in row["username"]]


def account_profile(view: RequestView, *, username: str, tournament: int | None = CLASSIC) -> Wire:
    """An account and its models, as everybody may see them."""
    require_classic(tournament)
    account = accounts.account_named(view.connection, username)
    if account is None:
        raise not_found("Account")
    everybody = ranked_models(view.connection, view.state.live_round)
    own = [one for one in everybody if one.model.account_id == account.id]
    return {
        "id": account.id,
        "username": account.username,
        "displayName": account.username,
        "tournament": CLASSIC,
        "isActive": True,
        "startDate": account.inserted_at,
        "totalStake": sum((one.model.stake_nmr for one in own), start=Decimal(0)),
        "models": [
            {
                "id": one.model.id,
                "username": one.model.name,
                "displayName": one.model.name,
                "tournament": CLASSIC,
                "startDate": one.model.inserted_at,
                "stake": one.model.stake_nmr,
                "return1y": one.earnings[Trailing.year].share,
                "corr20V2Rep": one.reputations.get("v2_corr20"),
                "corr60Rep": one.reputations.get("corr60"),
                "mmcRep": one.reputations.get("mmc"),
                "mmc60Rep": one.reputations.get("mmc60"),
                "fncV3Rep": one.reputations.get("fnc_v3"),
            }
            for one in own
        ],
    }


def v3_user_profile(
    view: RequestView, *, model_name: str, tournament: int | None = CLASSIC
) -> Wire:
    """A model, as everybody may see it."""
    require_classic(tournament)
    model = accounts.model_named(view.connection, model_name)
    if model is None:
        raise not_found("Model")
    return {
        "id": model.id,
        "username": model.name,
        "accountName": model.account_name,
        "tournament": CLASSIC,
        "isActive": True,
        "startDate": model.inserted_at,
        "bio": None,
        "linkText": None,
        "linkUrl": None,
        "nmrStaked": model.stake_nmr,
        "stakeValue": model.stake_nmr or None,
        "stakeValues": lambda: [
            {"time": move.moved_at, "value": move.stake_nmr, "delta": move.amount_nmr}
            for move in reputations.stake_moves_of(view.connection, model.id)
        ],
        "latestRanks": lambda: _named(_own(view, model.id).ranks.get),
        "latestReps": lambda: _named(_own(view, model.id).reputations.get),
        "latestReturns": lambda: _returns(_own(view, model.id)),
        "latestSubmissionScores": lambda: newest_scores(view, model.id),
        "latestUserScores": lambda: user_scores(view, model.id),
        "dailyModelPerformances": lambda: _daily(view, model.id),
    }


def _own(view: RequestView, model_id: str) -> RankedModel:
    everybody = ranked_models(view.connection, view.state.live_round)
    return next(one for one in everybody if one.model.id == model_id)


def _named(value_of: Callable[[str], float | None]) -> Wire:
    return {
        "corr": value_of("v2_corr20"),
        "corr20V2": value_of("v2_corr20"),
        "corr60": value_of("corr60"),
        "mmc": value_of("mmc"),
        "mmc60": value_of("mmc60"),
        "bmc": value_of("bmc"),
        "fncV3": value_of("fnc_v3"),
    }


def _returns(one: RankedModel) -> Wire:
    periods = {
        "oneDay": Trailing.week,
        "threeMonths": Trailing.quarter,
        "oneYear": Trailing.year,
        "allTime": Trailing.ever,
    }
    wire: Wire = {name: one.earnings[period].share for name, period in periods.items()}
    wire.update({f"{name}Nmr": one.earnings[period].earned_nmr for name, period in periods.items()})
    return wire


def _daily(view: RequestView, model_id: str) -> list[Wire]:
    """Reputations as they were whenever scores had become final, newest first."""
    calendar = view.state.calendar
    places = [model.id for model in accounts.all_models(view.connection)]
    rows = []
    for moment in reputations.settling_moments(view.connection):
        means = reputations.reputations(
            view.connection, calendar.number_at(moment), known_by=moment
        )
        own = means.get(model_id)
        if own is None:
            continue
        ranks = {name: reputations.ranks_by(means, name, places=places)[model_id] for name in own}
        rows.append(
            {
                "date": moment,
                "corrRep": own.get("v2_corr20"),
                "corrRank": ranks.get("v2_corr20"),
                "corr60Rep": own.get("corr60"),
                "corr60Rank": ranks.get("corr60"),
                "mmcRep": own.get("mmc"),
                "mmcRank": ranks.get("mmc"),
                "fncV3Rep": own.get("fnc_v3"),
                "fncV3Rank": ranks.get("fnc_v3"),
            }
        )
    return rows
