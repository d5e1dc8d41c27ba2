"""Scores, performances and payouts of models on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from numeri_cli.practice.calendar import RoundTimes
from numeri_cli.practice.participants import accounts
from numeri_cli.practice.rounds import reputations, settlement
from numeri_cli.practice.rounds.daily_scores import DayScore, RoundScores
from numeri_cli.practice.rounds.settlement import SCORE_RULES
from numeri_cli.practice.rounds.terms import terms_of
from numeri_cli.practice.server.resolvers.request import (
    CLASSIC,
    RequestView,
    Wire,
    page,
    require_classic,
)
from numeri_cli.practice.server.resolvers.rounds import (
    is_settled,
    payouts_in,
    round_id,
    round_target,
    score_config_wire,
)


def submission_scores(
    view: RequestView,
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
    """A model's scores of every day, newest round first, then by score, newest day first.

    resolved: a score is on its last day; distinct_on_round: one a round, the newest of the first
    """
    require_classic(tournament)
    model = view.any_model(model_id)
    rows: list[Wire] = []
    for number in rounds_of(view, model.id):
        if last_n_rounds is not None and number <= view.state.live_round - last_n_rounds:
            break
        scores = view.round_scores(number)
        rows += [
            score_wire(view, model.id, scores=scores, one=one)
            for one in scores.of_model(model.id)
            if day in (None, one.day)
            and resolved in (None, one.is_final)
            and display_name in (None, one.rule.name)
        ]
    rows = [row for row in rows if version in (None, row["version"])]
    if distinct_on_round:
        rows = list({row["roundNumber"]: row for row in reversed(rows)}.values())[::-1]
    return rows


def rounds_of(view: RequestView, model_id: str) -> list[int]:
    """The closed rounds that a model had something in, newest first."""
    rows = view.connection.execute(
        "SELECT round FROM entries WHERE model_id = ? ORDER BY round DESC", (model_id,)
    )
    return [row["round"] for row in rows]


def newest_scores(view: RequestView, model_id: str) -> list[Wire]:
    """A model's scores as they stand now, newest round first."""
    found = []
    for number in rounds_of(view, model_id):
        scores = view.round_scores(number)
        newest = scores.newest(model_id).values()
        found += [score_wire(view, model_id, scores=scores, one=one) for one in newest]
    return found


def score_wire(view: RequestView, model_id: str, *, scores: RoundScores, one: DayScore) -> Wire:
    """A score of one day as the API shows it; its part of the payout stands beside a paid score.

    The parts of a settled round add up to what it paid.
    """
    times, rule = scores.times, one.rule
    is_paid = scores.terms.multiplier(rule.name) > 0

    def pending() -> Decimal | None:
        if not is_paid or one.is_final:
            return None
        return scores.payout_parts(model_id, day=one.day).get(rule.name)

    def settled() -> Decimal | None:
        if not (is_paid and one.is_final and is_settled(view, times.number)):
            return None
        whole = payouts_in(view, times.number).get(model_id, Decimal(0))
        last = scores.payout_parts(model_id, day=settlement.PAYOUT_HORIZON_DAYS, whole=whole)
        return last.get(rule.name)

    return {
        "submissionId": scores.entries[model_id].submission_id,
        "roundId": round_id(times.number),
        "roundNumber": times.number,
        "displayName": rule.name,
        "version": rule.version,
        "day": one.day,
        "date": times.score_day(one.day),
        "value": one.value,
        "percentile": one.percentile,
        "resolved": one.is_final,
        "resolveDate": times.score_day(rule.horizon_days),
        "roundCloseStakingTime": times.closes_at,
        "roundScoreTime": times.scored_at,
        "roundResolveTime": times.resolves_at,
        "payoutPending": pending,
        "payoutSettled": settled,
    }


def submission_in(view: RequestView, model_id: str, *, number: int) -> str | None:
    """The id of what a model had in a round; rivals have none that anybody could ask for."""
    row = view.connection.execute(
        "SELECT submission_id FROM entries WHERE model_id = ? AND round = ?", (model_id, number)
    ).fetchone()
    return None if row is None else row["submission_id"]


def v2_round_model_performances(
    view: RequestView,
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
    wanted = [number for number in stakes if _is_wanted(view, number, filters=filters)]
    if filters.get("last_n_rounds") is not None:
        first = view.state.live_round - int(filters["last_n_rounds"] or 0)
        wanted = [number for number in wanted if number > first]
    performances = [
        _performance_wire(view, model.id, number=number, at_risk=stakes[number])
        for number in wanted
    ]
    return page(performances, limit=limit, offset=offset)


def _is_wanted(view: RequestView, number: int, *, filters: Mapping[str, int | bool | None]) -> bool:
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


def _performance_wire(view: RequestView, model_id: str, *, number: int, at_risk: Decimal) -> Wire:
    times: RoundTimes = view.state.calendar.round(number)

    def daily() -> list[Wire]:
        scores = view.round_scores(number)
        return [
            score_wire(view, model_id, scores=scores, one=one) for one in scores.of_model(model_id)
        ]

    def newest() -> list[Wire]:
        scores = view.round_scores(number)
        known = scores.newest(model_id).values()
        return [score_wire(view, model_id, scores=scores, one=one) for one in known]

    terms = terms_of(view.connection, number)
    configs = [
        score_config_wire(rule, times, terms=terms)
        for rule in SCORE_RULES
        if terms.multiplier(rule.name)
    ]
    return {
        "roundId": round_id(number),
        "roundNumber": number,
        "roundTarget": round_target(number),
        "roundDataDatestamp": times.data_datestamp,
        "roundOpenTime": times.opens_at,
        "roundCloseStakingTime": times.closes_at,
        "roundScoreTime": times.scored_at,
        "roundResolveTime": times.resolves_at,
        "roundResolved": is_settled(view, number),
        "roundPayoutFactor": terms.payout_factor,
        "submissionId": submission_in(view, model_id, number=number),
        "atRisk": at_risk,
        "corrMultiplier": float(terms.multiplier("corr60")),
        "mmcMultiplier": float(terms.multiplier("mmc60")),
        "payoutMultipliers": [
            {**config, "multiplier": config["defaultMultiplier"]} for config in configs
        ],
        "submissionScores": newest,
        "intraRoundSubmissionScores": daily,
    }


def pending_model_payouts(view: RequestView, *, tournament: int) -> Wire:
    """What the caller's models would earn with the scores of now, and what they have earned."""
    require_classic(tournament)
    caller = view.caller("read_user_info")
    pending: list[Wire] = []
    actual: list[Wire] = []
    for model in accounts.models_of(view.connection, caller.account.id):
        for number in rounds_of(view, model.id):
            if is_settled(view, number):
                amount = payouts_in(view, number).get(model.id, Decimal(0))
                actual.append(_payout_wire(view, model, number=number, amount_nmr=amount))
            else:
                amount = view.round_scores(number).payout(model.id)
                pending.append(_payout_wire(view, model, number=number, amount_nmr=amount))
    return {"pending": pending, "actual": actual}


def _payout_wire(
    view: RequestView, model: accounts.ParticipantModel, *, number: int, amount_nmr: Decimal
) -> Wire:
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
    view: RequestView,
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
        for move in reputations.stake_moves_of(view.connection, model.id)
        if type_ in (None, move.kind)
    ]
    rows.sort(key=lambda row: row["timestamp"], reverse=True)
    return page(rows, limit=limit, offset=offset)
