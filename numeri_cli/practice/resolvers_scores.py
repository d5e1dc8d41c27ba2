"""Scores, performances and payouts of models on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal

from numeri_cli.practice import accounts, settlement, standing
from numeri_cli.practice.calendar import RoundTimes
from numeri_cli.practice.resolvers_rounds import (
    MAIN_TARGET,
    is_settled,
    multiplier_of,
    payouts_in,
    round_id,
    score_config_wire,
)
from numeri_cli.practice.resolvers_view import CLASSIC, View, Wire, page, require_classic
from numeri_cli.practice.settlement import PAYOUT_FACTOR, SCORE_RULES
from numeri_cli.practice.standing import FinalScore

RULES = {rule.name: rule for rule in SCORE_RULES}


def submission_scores(
    view: View,
    *,
    model_id: str,
    tournament: int | None = None,
    display_name: str | None = None,
    version: str | None = None,
    day: int | None = None,
    resolved: bool | None = None,
    last_n_rounds: int | None = None,
    distinct_on_round: bool | None = None,
) -> list[Wire]:
    """A model's final scores, newest round first. Practice scores a round when it is over."""
    require_classic(tournament)
    model = view.any_model(model_id)
    rows = [
        score_wire(view, one)
        for one in standing.scores_of(view.connection, model.id)
        if last_n_rounds is None or one.round_number > view.state.live_round - last_n_rounds
    ]
    asked = {"displayName": display_name, "version": version, "day": day, "resolved": resolved}
    rows = [row for row in rows if all(value in (None, row[key]) for key, value in asked.items())]
    if distinct_on_round:
        rows = list({row["roundNumber"]: row for row in reversed(rows)}.values())[::-1]
    return rows


def score_wire(view: View, one: FinalScore) -> Wire:
    """A final score as the API shows it."""
    times = view.state.calendar.round(one.round_number)
    rule = RULES[one.name]
    paid = payouts_in(view, one.round_number).get(one.model_id) if rule.multiplier else None
    return {
        "submissionId": lambda: submission_in(view, one.model_id, one.round_number),
        "roundId": round_id(one.round_number),
        "roundNumber": one.round_number,
        "displayName": one.name,
        "version": score_config_wire(rule, times)["version"],
        "day": rule.horizon_days,
        "date": times.resolves_at,
        "value": one.value,
        "percentile": one.percentile,
        "resolved": True,
        "resolveDate": times.resolves_at,
        "roundCloseStakingTime": times.closes_at,
        "roundScoreTime": times.scored_at,
        "roundResolveTime": times.resolves_at,
        "payoutPending": None,
        "payoutSettled": paid,
    }


def submission_in(view: View, model_id: str, number: int) -> str | None:
    """The id of what a model had in a round; rivals have none that anybody could ask for."""
    row = view.connection.execute(
        "SELECT submission_id FROM entries WHERE model_id = ? AND round = ?", (model_id, number)
    ).fetchone()
    return None if row is None else row["submission_id"]


def v2_round_model_performances(
    view: View,
    *,
    model_id: str,
    tournament: int | None = CLASSIC,
    limit: int | None = None,
    offset: int | None = None,
    **filters: int | bool | None,
) -> list[Wire]:
    """A model round by round, newest first."""
    require_classic(tournament)
    model = view.any_model(model_id)
    rows = view.connection.execute(
        "SELECT round, at_risk_nmr FROM entries WHERE model_id = ? ORDER BY round DESC",
        (model.id,),
    )
    stakes = {row["round"]: Decimal(row["at_risk_nmr"]) for row in rows}
    scores: dict[int, list[FinalScore]] = {}
    for one in standing.scores_of(view.connection, model.id):
        scores.setdefault(one.round_number, []).append(one)
    wanted = [number for number in stakes if _is_wanted(view, number, filters)]
    if filters.get("last_n_rounds") is not None:
        first = view.state.live_round - int(filters["last_n_rounds"] or 0)
        wanted = [number for number in wanted if number > first]
    performances = [
        _performance_wire(view, model.id, number, stakes[number], scores.get(number, []))
        for number in wanted
    ]
    return page(performances, limit=limit, offset=offset)


def _is_wanted(view: View, number: int, filters: Mapping[str, int | bool | None]) -> bool:
    times = view.state.calendar.round(number)
    tests: dict[str, Callable[[int], bool]] = {
        "round_number_eq": lambda value: number == value,
        "round_number_gte": lambda value: number >= value,
        "round_number_lte": lambda value: number <= value,
        "round_data_datestamp_gte": lambda value: times.data_datestamp >= value,
        "resolved_only": lambda value: not value or is_settled(view, number),
        "resolved_within_last_n_days": lambda value: (
            is_settled(view, number) and times.resolves_at > view.now - timedelta(days=value)
        ),
        "scored_within_last_n_days": lambda value: (
            is_settled(view, number, horizon_days=min(settlement.HORIZONS))
            and times.scored_at > view.now - timedelta(days=value)
        ),
    }
    given = {name: value for name, value in filters.items() if value is not None}
    return all(test(given[name]) for name, test in tests.items() if name in given)


def _performance_wire(
    view: View, model_id: str, number: int, at_risk: Decimal, scores: Iterable[FinalScore]
) -> Wire:
    times: RoundTimes = view.state.calendar.round(number)
    finals = [score_wire(view, one) for one in scores]
    configs = [score_config_wire(rule, times) for rule in SCORE_RULES if rule.multiplier]
    return {
        "roundId": round_id(number),
        "roundNumber": number,
        "roundTarget": MAIN_TARGET,
        "roundDataDatestamp": times.data_datestamp,
        "roundOpenTime": times.opens_at,
        "roundCloseStakingTime": times.closes_at,
        "roundScoreTime": times.scored_at,
        "roundResolveTime": times.resolves_at,
        "roundResolved": is_settled(view, number),
        "roundPayoutFactor": PAYOUT_FACTOR,
        "submissionId": submission_in(view, model_id, number),
        "atRisk": at_risk,
        "corrMultiplier": multiplier_of("corr60"),
        "mmcMultiplier": multiplier_of("mmc60"),
        "payoutMultipliers": [
            {**config, "multiplier": config["defaultMultiplier"]} for config in configs
        ],
        "submissionScores": finals,
        "intraRoundSubmissionScores": finals,
    }


def pending_model_payouts(view: View, *, tournament: int) -> Wire:
    """What the caller's models will earn, as far as it is known, and what they earned lately."""
    require_classic(tournament)
    caller = view.caller("read_user_info")
    pending: list[Wire] = []
    actual: list[Wire] = []
    for model in accounts.models_of(view.connection, caller.account.id):
        rows = view.connection.execute(
            "SELECT round FROM entries WHERE model_id = ? ORDER BY round DESC", (model.id,)
        ).fetchall()
        for row in rows:
            settled = is_settled(view, row["round"])
            amount = payouts_in(view, row["round"]).get(model.id, Decimal(0))
            wire = _payout_wire(view, model, row["round"], amount_nmr=amount)
            (actual if settled else pending).append(wire)
    return {"pending": pending, "actual": actual}


def _payout_wire(view: View, model: accounts.Model, number: int, *, amount_nmr: Decimal) -> Wire:
    return {
        "roundId": round_id(number),
        "roundNumber": number,
        "roundResolveTime": view.state.calendar.round(number).resolves_at,
        "modelId": model.id,
        "modelName": model.name,
        "modelDisplayName": model.name,
        "payoutNmr": amount_nmr,
        "payoutValue": None,
        "currencySymbol": "NMR",
    }


def stake_transactions(
    view: View,
    *,
    limit: int | None = None,
    offset: int | None = None,
    model_id: str | None = None,
    model_ids: list[str] | None = None,
    type_: str | None = None,
) -> list[Wire]:
    """Every change of the caller's stakes, newest first."""
    caller = view.caller("read_user_info")
    chosen = {one for one in (model_id, *(model_ids or ())) if one is not None}
    rows: list[Wire] = [
        {
            "timestamp": move.moved_at,
            "type": move.kind,
            "amount": move.amount_nmr,
            "value": move.stake_nmr,
            "model": model.name,
            "modelId": model.id,
            "round": move.round_number,
            "tournament": CLASSIC,
        }
        for model in accounts.models_of(view.connection, caller.account.id)
        if not chosen or model.id in chosen
        for move in standing.stake_moves_of(view.connection, model.id)
        if type_ in (None, move.kind)
    ]
    rows.sort(key=lambda row: row["timestamp"], reverse=True)
    return page(rows, limit=limit, offset=offset)
