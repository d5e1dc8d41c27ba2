"""Rounds and data files on the wire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from numeri_cli.practice.calendar import RoundTimes
from numeri_cli.practice.participants.accounts import opaque_id
from numeri_cli.practice.participants.refusals import Refusal, not_found, round_closed
from numeri_cli.practice.rounds import settlement
from numeri_cli.practice.rounds.settlement import ScoreRule
from numeri_cli.practice.rounds.terms import RoundTerms, terms_of
from numeri_cli.practice.server.resolvers.request import CLASSIC, RequestView, Wire, require_classic

# what the real field holds is not known: nobody may rest on it
ROUND_TARGETS = (None, "main")
MAIN_HORIZON_DAYS = 60
RETURNS_LAG_DAYS = 2


def rounds(
    view: RequestView,
    *,
    tournament: int | None = None,
    number: int | None = None,
    status: str | None = None,
    target: str | None = None,
    limit: int | None = None,
) -> list[Wire]:
    """Rounds, newest first; number 0 is the one whose window is open."""
    require_classic(tournament)
    if number == 0:
        current = view.state.open_round_at(view.now)
        if current is None:
            raise round_closed()
        return [round_wire(view, current)]
    numbers = range(view.state.live_round, view.state.calendar.first_round - 1, -1)
    if number is not None:
        numbers = range(number, number - 1, -1) if number in numbers else range(0)
    elif status == "UPCOMING":
        numbers = range(view.state.live_round + 1, view.state.live_round, -1)
    found = [
        round_wire(view, view.state.calendar.round(each))
        for each in numbers
        if status is None or round_status(view, each) == status
    ]
    if target is not None:
        found = [each for each in found if each["target"] == target]
    return found if limit is None else found[: max(limit, 0)]


def round_status(view: RequestView, number: int) -> str:
    """UPCOMING, OPEN, RESOLVING or RESOLVED."""
    current = view.state.open_round_at(view.now)
    if number > view.state.live_round or (
        number == view.state.live_round and view.state.published_round < number
    ):
        return "UPCOMING"
    if current is not None and current.number == number:
        return "OPEN"
    return "RESOLVED" if is_settled(view, number) else "RESOLVING"


def is_settled(view: RequestView, number: int, *, horizon_days: int = MAIN_HORIZON_DAYS) -> bool:
    """Whether the final scores of a round are known."""
    row = view.connection.execute(
        "SELECT 1 FROM settlements WHERE round = ? AND horizon_days = ?", (number, horizon_days)
    ).fetchone()
    return row is not None


def round_wire(view: RequestView, times: RoundTimes) -> Wire:
    """A round as the API shows it."""
    terms = terms_of(view.connection, times.number)
    return {
        "id": round_id(times.number),
        "number": times.number,
        "tournament": CLASSIC,
        "target": round_target(times.number),
        "isDaily": False,
        "dataDatestamp": times.data_datestamp,
        "openTime": times.opens_at,
        "closeStakingTime": times.closes_at,
        "closeTime": times.resolves_at,
        "scoreTime": times.scored_at,
        "resolveTime": times.resolves_at,
        "resolvedGeneral": lambda: is_settled(view, times.number),
        "resolvedStaking": lambda: is_settled(view, times.number),
        "payoutFactor": terms.payout_factor,
        "stakeThreshold": float(terms.stake_threshold_nmr),
        "defaultCorrMultiplier": float(terms.multiplier("corr60")),
        "defaultMmcMultiplier": float(terms.multiplier("mmc60")),
        "roundScoreConfigs": lambda: [
            score_config_wire(rule, times, terms=terms) for rule in settlement.SCORE_RULES
        ],
    }


def round_target(number: int) -> str | None:
    """What the API says of a round's target: nothing, or a word that is no target's name."""
    return ROUND_TARGETS[number % len(ROUND_TARGETS)]


def round_id(number: int) -> str:
    """The id of a round, stable for its life."""
    return opaque_id("round", number)


def score_config_wire(rule: ScoreRule, times: RoundTimes, *, terms: RoundTerms) -> Wire:
    """How a score of this round is made and paid."""
    multiplier = float(terms.multiplier(rule.name))
    paid = multiplier > 0
    return {
        "id": opaque_id("round score", times.number, rule.name),
        "scoreConfigId": opaque_id("score", rule.name),
        "name": rule.measure,
        "version": rule.version,
        "displayName": rule.name,
        "universe": None,
        "isCanonScore": True,
        "isPayout": paid,
        "minMultiplier": multiplier,
        "defaultMultiplier": multiplier,
        "maxMultiplier": multiplier,
        "clipThreshold": float(terms.clip_threshold) if paid else None,
        "payoutFactor": terms.payout_factor if paid else None,
        "stakeThreshold": float(terms.stake_threshold_nmr) if paid else None,
        "totalScoreDays": rule.horizon_days,
        "returnsLagDays": RETURNS_LAG_DAYS,
        "dataDelayDays": RETURNS_LAG_DAYS,
        "scoringStart": times.scored_at,
        "scoringEnd": times.score_day(rule.horizon_days),
        "roundNumberStart": times.number,
        "roundNumberEnd": None,
    }


def round_details(view: RequestView, *, round_number: int, tournament: int) -> Wire:
    """One round with everybody in it."""
    require_classic(tournament)
    calendar = view.state.calendar
    if not calendar.first_round <= round_number <= view.state.live_round:
        raise not_found("Round")
    times = calendar.round(round_number)
    entries = settlement.entries_of(view.connection, round_number)
    settled = is_settled(view, round_number)
    paid = payouts_in(view, round_number)
    staked = [entry for entry in entries if entry.at_risk_nmr > 0]
    terms = terms_of(view.connection, round_number)
    return {
        "roundId": round_id(round_number),
        "roundNumber": round_number,
        "tournament": CLASSIC,
        "roundTarget": round_target(round_number),
        "status": round_status(view, round_number).lower(),
        "openTime": times.opens_at,
        "closeStakingTime": times.closes_at,
        "closeTime": times.resolves_at,
        "scoreTime": times.scored_at,
        "roundResolveTime": times.resolves_at,
        "roundResolved": settled,
        "payoutFactor": terms.payout_factor,
        "payoutMultipliers": [
            {"displayName": name, "multiplier": float(multiplier)}
            for name, multiplier in terms.multipliers.items()
        ],
        "totalSubmitted": len(entries),
        "totalStakes": len(staked),
        "totalAtStake": float(sum((one.at_risk_nmr for one in staked), start=Decimal(0))),
        "totalPayout": float(sum(paid.values(), start=Decimal(0))),
        "models": lambda: _round_models(view, round_number, paid=paid, settled=settled),
    }


def _round_models(
    view: RequestView, number: int, *, paid: dict[str, Decimal], settled: bool
) -> list[Wire]:
    scores = view.round_scores(number)
    return [
        {
            "id": entry.model_id,
            "modelName": entry.model_name,
            "roundId": round_id(number),
            "selectedStakeValue": entry.at_risk_nmr,
            "payoutPending": None if settled else scores.payout(entry.model_id),
            "payoutSettled": paid.get(entry.model_id, Decimal(0)) if settled else None,
            "corr": known.get("v2_corr20"),
            "v2Corr20": known.get("v2_corr20"),
            "corr60": known.get("corr60"),
            "mmc": known.get("mmc"),
            "mmc60": known.get("mmc60"),
            "corrWMetaModel": known.get("corr_w_meta_model"),
            "bmc": known.get("bmc"),
            "fncV3": known.get("fnc_v3"),
        }
        for entry in scores.entries.values()
        for newest in [scores.newest(entry.model_id)]
        for known in [{name: score.value for name, score in newest.items()}]
    ]


def payouts_in(view: RequestView, number: int) -> dict[str, Decimal]:
    """What each model earned or burned in a round, by model id."""
    rows = view.connection.execute(
        "SELECT model_id, amount_nmr FROM stake_moves WHERE round = ?", (number,)
    )
    return {row["model_id"]: Decimal(row["amount_nmr"]) for row in rows}


def tournaments(view: RequestView) -> list[Wire]:
    """There is one."""
    return [
        {
            "id": opaque_id("tournament", CLASSIC),
            "tournament": CLASSIC,
            "name": "numerai",
            "active": True,
            "rounds": lambda: rounds(view),
        }
    ]


def pipeline_status(
    view: RequestView, *, date: str | None = None, tournament: str | None = "classic"
) -> Wire:
    """When the scores of a day were made; rounds are settled the moment another one opens."""
    day = view.now if date is None else _day(date)
    opening = next(
        (
            view.state.calendar.opening(number)
            for number in range(view.state.calendar.first_round + 1, view.state.live_round + 1)
            if view.state.calendar.opening(number).date() == day.date()
        ),
        None,
    )
    scored = opening or _daily_scoring(view, day)
    return {
        "tournament": tournament,
        "isScoringDay": scored is not None,
        "startedAt": scored,
        "dataReadyAt": scored,
        "scoredAt": scored,
        "resolvedAt": opening,
    }


def _daily_scoring(view: RequestView, day: datetime) -> datetime | None:
    """When the rounds that resolve got their scores on a day; None where they got none."""
    scoreboard = view.scoreboard
    for number in range(view.state.calendar.first_round, view.state.live_round):
        times = view.state.calendar.round(number)
        for count in range(1, scoreboard.days_known(times) + 1):
            if times.score_day(count).date() == day.date():
                return times.score_day(count)
    return None


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal("invalid date") from error


def list_datasets(
    view: RequestView,
    *,
    round_: int | None = None,
    tournament: int | None = None,
) -> list[str]:
    """Every file there is for the current round."""
    require_classic(tournament)
    _require_current(view, round_)
    return sorted(view.asked.tournament.files())


def dataset(
    view: RequestView,
    *,
    filename: str,
    round_: int | None = None,
    tournament: int | None = None,
) -> str:
    """A signed URL for one file."""
    require_classic(tournament)
    _require_current(view, round_)
    if filename not in view.asked.tournament.files():
        raise not_found("Dataset")
    path = f"/data/{view.state.published_round}/{filename}"
    return view.asked.file_url(path, method="GET")


def _require_current(view: RequestView, number: int | None) -> None:
    """Older files are gone: a practice world keeps one week's data."""
    if number not in (None, 0, view.state.published_round):
        raise not_found("Dataset")
