"""Leaderboards and public profiles on the wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal

from numeri_cli.practice import accounts, standing
from numeri_cli.practice.refusals import not_found
from numeri_cli.practice.resolvers_account import user_scores
from numeri_cli.practice.resolvers_scores import newest_scores
from numeri_cli.practice.resolvers_view import CLASSIC, View, Wire, page, require_classic
from numeri_cli.practice.standing import (
    ROUNDS_PER_QUARTER,
    ROUNDS_PER_YEAR,
    Standing,
    standings,
)

DEFAULT_PAGE = 50
DAY = timedelta(days=1)


def v2_leaderboard(
    view: View,
    *,
    limit: int | None = DEFAULT_PAGE,
    offset: int | None = None,
    order_by: str | None = None,
    direction: str | None = None,
    filter_by: str | None = None,
) -> list[Wire]:
    """Models, the best first; `filterBy` keeps names that hold the text."""
    everybody = standings(view.connection, view.state.live_round)
    before = {one.model.id: one.rank for one in _yesterday(view)}
    rows = [
        _model_row(one, rank_before=before.get(one.model.id))
        for one in everybody
        if (filter_by or "") in one.model.name
    ]
    return page(_ordered(rows, order_by, direction), limit=limit, offset=offset)


def _yesterday(view: View) -> tuple[Standing, ...]:
    """How everybody stood a day ago."""
    moment = view.now - DAY
    live_round = min(view.state.calendar.number_at(moment), view.state.live_round)
    return standings(view.connection, live_round, known_by=moment)


def _risen(rank: int, rank_before: int | None) -> int:
    """By how many places somebody has risen; 0 for who is new."""
    return 0 if rank_before is None else rank_before - rank


def _model_row(one: Standing, *, rank_before: int | None) -> Wire:
    return {
        "id": one.model.id,
        "username": one.model.name,
        "team": False,
        "rank": one.rank,
        "rankChange1d": _risen(one.rank, rank_before),
        "nmrStaked": one.model.stake_nmr,
        "return1Day": one.returns[1],
        "return13Weeks": one.returns[ROUNDS_PER_QUARTER],
        "return52Weeks": one.returns[ROUNDS_PER_YEAR],
        "corr20Rep": one.reputations.get("v2_corr20"),
        "corr20V2Rep": one.reputations.get("v2_corr20"),
        "corr60Rep": one.reputations.get("corr60"),
        "mmcRep": one.reputations.get("mmc"),
        "mmc60Rep": one.reputations.get("mmc60"),
    }


def account_leaderboard(
    view: View,
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
    rows = _account_rows(standings(view.connection, view.state.live_round))
    before = {row["id"]: row["rank"] for row in _account_rows(_yesterday(view))}
    for row in rows:
        row["rankChange1d"] = _risen(row["rank"], before.get(row["id"]))
    rows = [row for row in rows if (filter_by or "") in row["username"]]
    return page(_ordered(rows, order_by, direction), limit=limit, offset=offset)


def _account_rows(everybody: Sequence[Standing]) -> list[Wire]:
    """Accounts with their ranks, the best first."""
    owned: dict[str, list[Standing]] = {}
    for one in everybody:
        owned.setdefault(one.model.account_id, []).append(one)
    rows = [_account_row(models) for models in owned.values()]
    # one without a score comes after the worst, not among those whose score is 0
    rows.sort(key=lambda row: (_last_if_none(row["corr60"]), -row["nmrStaked"]))
    for place, row in enumerate(rows, start=1):
        row["rank"] = place
    return rows


def _last_if_none(score: float | None) -> float:
    return float("inf") if score is None else -score


def _account_row(models: Sequence[Standing]) -> Wire:
    staked = sum((one.model.stake_nmr for one in models), start=Decimal(0))

    def earned(rounds: int) -> Decimal:
        return sum((one.earned[rounds] for one in models), start=Decimal(0))

    def returned(rounds: int) -> float:
        before = staked - earned(rounds)
        return float(earned(rounds) / before) if before > 0 else 0.0

    first, all_time = models[0].model, max(models[0].returns)
    return {
        "id": first.account_id,
        "username": first.account_name,
        "displayName": first.account_name,
        "team": False,
        "nmrStaked": staked,
        "return3m": returned(ROUNDS_PER_QUARTER),
        "return1y": returned(ROUNDS_PER_YEAR),
        "returnAllTime": returned(all_time),
        "return3mNmr": earned(ROUNDS_PER_QUARTER),
        "return1yNmr": earned(ROUNDS_PER_YEAR),
        "returnAllTimeNmr": earned(all_time),
        "v2Corr20": _weighted(models, "v2_corr20"),
        "corr60": _weighted(models, "corr60"),
        "mmc": _weighted(models, "mmc"),
        "mmc60": _weighted(models, "mmc60"),
    }


def _weighted(models: Sequence[Standing], name: str) -> float | None:
    scored = [one for one in models if name in one.reputations]
    if not scored:
        return None
    weights = [float(one.model.stake_nmr) for one in scored]
    if not any(weights):
        weights = [1.0] * len(scored)
    total = sum(w * one.reputations[name] for w, one in zip(weights, scored, strict=True))
    return total / sum(weights)


def _ordered(rows: list[Wire], order_by: str | None, direction: str | None) -> list[Wire]:
    """Rows in the order asked for; by rank where that is no column."""
    if order_by is None or not rows or order_by not in rows[0]:
        return rows
    known = [row for row in rows if row[order_by] is not None]
    unknown = [row for row in rows if row[order_by] is None]
    known.sort(key=lambda row: row[order_by], reverse=(direction or "desc").lower() == "desc")
    return known + unknown


def account_profile(view: View, *, username: str, tournament: int | None = CLASSIC) -> Wire:
    """An account and its models, as everybody may see them."""
    require_classic(tournament)
    account = accounts.account_named(view.connection, username)
    if account is None:
        raise not_found("Account")
    everybody = standings(view.connection, view.state.live_round)
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
                "return1y": one.returns[ROUNDS_PER_YEAR],
                "corr20V2Rep": one.reputations.get("v2_corr20"),
                "corr60Rep": one.reputations.get("corr60"),
                "mmcRep": one.reputations.get("mmc"),
                "mmc60Rep": one.reputations.get("mmc60"),
            }
            for one in own
        ],
    }


def v3_user_profile(view: View, *, model_name: str, tournament: int | None = CLASSIC) -> Wire:
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
            for move in standing.stake_moves_of(view.connection, model.id)
        ],
        "latestRanks": lambda: _named(_own(view, model.id).ranks.get),
        "latestReps": lambda: _named(_own(view, model.id).reputations.get),
        "latestReturns": lambda: _returns(_own(view, model.id)),
        "latestSubmissionScores": lambda: newest_scores(view, model.id),
        "latestUserScores": lambda: user_scores(view, model.id),
        "dailyModelPerformances": lambda: _daily(view, model.id),
    }


def _own(view: View, model_id: str) -> Standing:
    everybody = standings(view.connection, view.state.live_round)
    return next(one for one in everybody if one.model.id == model_id)


def _named(value_of: Callable[[str], float | None]) -> Wire:
    return {
        "corr": value_of("v2_corr20"),
        "corr20V2": value_of("v2_corr20"),
        "corr60": value_of("corr60"),
        "mmc": value_of("mmc"),
        "mmc60": value_of("mmc60"),
    }


def _returns(one: Standing) -> Wire:
    periods = {
        "oneDay": 1,
        "threeMonths": ROUNDS_PER_QUARTER,
        "oneYear": ROUNDS_PER_YEAR,
        "allTime": max(one.returns),
    }
    wire: Wire = {name: one.returns[rounds] for name, rounds in periods.items()}
    wire.update({f"{name}Nmr": one.earned[rounds] for name, rounds in periods.items()})
    return wire


def _daily(view: View, model_id: str) -> list[Wire]:
    """Reputations as they were after each round that had scores by then, newest first."""
    calendar = view.state.calendar
    scored = sorted(
        {one.round_number for one in standing.scores_of(view.connection, model_id)}, reverse=True
    )
    rows = []
    for number in scored:
        own = next(
            one
            for one in standings(view.connection, number, until_round=number)
            if one.model.id == model_id
        )
        rows.append(
            {
                "date": calendar.round(number).resolves_at,
                "corrRep": own.reputations.get("v2_corr20"),
                "corrRank": own.ranks.get("v2_corr20"),
                "corr60Rep": own.reputations.get("corr60"),
                "corr60Rank": own.ranks.get("corr60"),
                "mmcRep": own.reputations.get("mmc"),
                "mmcRank": own.ranks.get("mmc"),
            }
        )
    return rows
