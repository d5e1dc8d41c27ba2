"""How models stand: their scores, what is at risk and paid, the account, the boards."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from numeri_cli.api import queries
from numeri_cli.api.answers import Fields, round_of
from numeri_cli.api.client import Client
from numeri_cli.errors import ApiRefused
from numeri_cli.records import (
    AccountStanding,
    BoardRow,
    ModelHistory,
    ModelStake,
    Payout,
    PerformanceRow,
    PriceSeen,
    Round,
    ScoreRow,
    StakeOfDay,
)


def history(client: Client, model_id: str, *, last_rounds: int | None) -> ModelHistory:
    """A model's scores of every day and its rounds with their money, in one question.

    last_rounds: how many rounds back; None for the whole history. No key is needed.
    """
    data = client.ask(
        queries.MODEL_HISTORY,
        modelId=model_id,
        tournament=client.tournament.number,
        lastNRounds=last_rounds,
    )
    scores = data.children("submissionScores", kind="SubmissionScore")
    rows = data.children("v2RoundModelPerformances", kind="V2RoundModelPerformance")
    return ModelHistory(
        scores=tuple(row for one in scores for row in _score_of(one)),
        performances=tuple(row for one in rows for row in _performance_of(one)),
    )


def rules(client: Client, *, limit: int | None) -> tuple[Round, ...]:
    """The newest rounds with their score configurations; all where `limit` is None."""
    number = client.tournament.number
    data = client.ask(queries.ROUNDS_RULES, tournament=number, limit=limit)
    return tuple(round_of(one, tournament=number) for one in data.children("rounds", kind="Round"))


def account(client: Client) -> AccountStanding:
    """The account of the keys, with what its models of this tournament have at stake."""
    found = client.ask(queries.ACCOUNT, keyed=True).child("account", kind="Account")
    models = found.children("models", kind="Model")
    return AccountStanding(
        name=found.text("username"),
        available_nmr=found.spare("availableNmr", found.optional_decimal),
        models=tuple(
            _stake_of(one)
            for one in models
            if one.integer("tournament") == client.tournament.number
        ),
    )


def payouts(client: Client) -> tuple[Payout, ...]:
    """What the account's rounds paid lately and would pay with the scores of now."""
    data = client.ask(queries.PAYOUTS, keyed=True, tournament=client.tournament.number)
    found = data.child("pendingModelPayouts", kind="UserPayouts")
    return tuple(
        _payout_of(row, settled=name == "actual")
        for name in ("actual", "pending")
        if found.get(name) is not None
        for row in found.children(name, kind="Payout")
    )


def somebody(client: Client, name: str) -> AccountStanding | None:
    """Anybody's model of that name with its account; None where there is none. No key is needed."""
    number = client.tournament.number
    try:
        data = client.ask(queries.MODEL_PROFILE, modelName=name, tournament=number)
    except ApiRefused:
        return None
    found = data.child("v3UserProfile", kind="V3UserProfile")
    model = ModelStake(
        id=found.text("id"),
        name=found.text("username"),
        stake_nmr=found.spare("stakeValue", found.optional_decimal),
        archived=False,
    )
    owner = found.spare("accountName", found.optional_text)
    return AccountStanding(name=owner or "", available_nmr=None, models=(model,))


def profile(client: Client, model_name: str) -> dict[str, float | None]:
    """A model's ranks and its returns as shares of the stake, by our names. No key is needed."""
    number = client.tournament.number
    data = client.ask(queries.MODEL_RANKS, modelName=model_name, tournament=number)
    found = data.child("v3UserProfile", kind="V3UserProfile")
    made: dict[str, float | None] = {}
    for part, kind, names in _PROFILE:
        inner = None
        if found.values.get(part) is not None:
            inner = found.child(part, kind=kind)
        for theirs, ours in names.items():
            made[ours] = None if inner is None else inner.spare(theirs, inner.optional_number)
    return made


_PROFILE = (
    ("latestRanks", "Ranks", {"corr60": "corr60_rank", "mmc60": "mmc60_rank"}),
    (
        "latestReturns",
        "Returns",
        {"oneDay": "return_1d", "threeMonths": "return_3m", "oneYear": "return_1y"},
    ),
)


def stake_history(client: Client, model_name: str) -> tuple[StakeOfDay, ...]:
    """What a model had staked, whenever that changed. No key is needed."""
    data = client.ask(
        queries.STAKE_VALUES, modelName=model_name, tournament=client.tournament.number
    )
    found = data.child("v3UserProfile", kind="V3UserProfile")
    if found.get("stakeValues") is None:
        return ()
    return tuple(
        StakeOfDay(time=one.time("time"), stake_nmr=value)
        for one in found.children("stakeValues", kind="StakeValue")
        if (value := one.optional_decimal("value")) is not None
    )


def price(client: Client) -> PriceSeen | None:
    """The price of NMR in US dollars as last seen by the server; None where there is none."""
    found = client.ask(queries.PRICE).child("latestNmrPrice", kind="NmrPrice")
    value = found.optional_decimal("priceUsd")
    time = found.spare("lastUpdated", found.optional_time)
    return None if not value or time is None else PriceSeen(usd=value, time=time)


def board(client: Client, *, accounts: bool, limit: int, offset: int) -> tuple[BoardRow, ...]:
    """A page of the leaderboard of models or accounts, in the server's order."""
    if accounts:
        data = client.ask(
            queries.ACCOUNT_BOARD,
            limit=limit,
            offset=offset,
            tournament=client.tournament.number,
        )
        rows = data.children("accountLeaderboard", kind="AccountLeaderboardEntry")
        return tuple(_board_row(one, names=_ACCOUNT_COLUMNS) for one in rows)
    data = client.ask(queries.MODEL_BOARD, limit=limit, offset=offset)
    rows = data.children("v2Leaderboard", kind="V2LeaderboardEntry")
    return tuple(_board_row(one, names=_MODEL_COLUMNS) for one in rows)


_MODEL_COLUMNS = ("corr20V2Rep", "mmcRep", "corr60Rep", "mmc60Rep", "return52Weeks")
_ACCOUNT_COLUMNS = ("v2Corr20", "mmc", "corr60", "mmc60", "return1y")


def _board_row(one: Fields, *, names: tuple[str, str, str, str, str]) -> BoardRow:
    corr20, mmc20, corr60, mmc60, year = (one.spare(name, one.optional_number) for name in names)
    return BoardRow(
        rank=one.spare("rank", one.optional_integer),
        name=one.text("username"),
        stake_nmr=one.spare("nmrStaked", one.optional_decimal),
        corr20=corr20,
        mmc20=mmc20,
        corr60=corr60,
        mmc60=mmc60,
        return_1y=year,
    )


def _score_of(one: Fields) -> Iterator[ScoreRow]:
    """A row without a value, a day or a name says nothing."""
    value = one.spare("value", one.optional_number)
    day = one.spare("day", one.optional_integer)
    name = one.spare("displayName", one.optional_text)
    number = one.spare("roundNumber", one.optional_integer)
    if value is None or day is None or name is None or number is None:
        return
    version = one.spare("version", one.optional_text)
    yield ScoreRow(
        round_number=number,
        display_name=name,
        version=version or "",
        day=day,
        value=value,
        percentile=one.spare("percentile", one.optional_number),
        date=one.spare("date", one.optional_time),
        resolved=bool(one.spare("resolved", one.truth)),
        resolve_date=one.spare("resolveDate", one.optional_time)
        or one.spare("roundResolveTime", one.optional_time),
        close_time=one.spare("roundCloseStakingTime", one.optional_time),
    )


def _performance_of(one: Fields) -> Iterator[PerformanceRow]:
    number = one.spare("roundNumber", one.optional_integer)
    if number is None:
        return
    pending, settled = _money_of(one)
    yield PerformanceRow(
        round_number=number,
        at_risk_nmr=one.spare("atRisk", one.optional_decimal),
        payout_factor=one.spare("roundPayoutFactor", one.optional_decimal),
        resolved=bool(one.spare("roundResolved", one.truth)),
        resolve_time=one.spare("roundResolveTime", one.optional_time),
        multipliers=_multipliers_of(one),
        pending_nmr=pending,
        settled_nmr=settled,
    )


def _multipliers_of(one: Fields) -> tuple[tuple[str, str, str, Decimal], ...]:
    """Name, version, display name and multiplier of each paid score; empty for null."""
    if one.values.get("payoutMultipliers") is None:
        return ()
    found = []
    for row in one.children("payoutMultipliers", kind="ModelPayoutMultiplier"):
        multiplier = row.spare("multiplier", row.optional_number)
        shown = row.spare("displayName", row.optional_text)
        if multiplier and shown:
            name = row.spare("name", row.optional_text)
            version = row.spare("version", row.optional_text)
            found.append((name or "", version or "", shown, Decimal(repr(multiplier))))
    return tuple(found)


def _money_of(one: Fields) -> tuple[Decimal | None, Decimal | None]:
    """Pending and settled NMR: the parts of the paid scores, each on its newest day."""
    if one.values.get("submissionScores") is None:
        return None, None
    newest: dict[str, tuple[int, Fields]] = {}
    for row in one.children("submissionScores", kind="SubmissionScore"):
        name = row.spare("displayName", row.optional_text)
        day = row.spare("day", row.optional_integer) or 0
        if name is not None and day >= newest.get(name, (-1, row))[0]:
            newest[name] = (day, row)
    rows = [row for _, row in newest.values()]
    return _sum(rows, "payoutPending"), _sum(rows, "payoutSettled")


def _sum(rows: list[Fields], name: str) -> Decimal | None:
    amounts = [row.spare(name, row.optional_decimal) for row in rows]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, start=Decimal(0)) if known else None


def _stake_of(one: Fields) -> ModelStake:
    def staked(name: str) -> Decimal | None:
        stake = one.optional_child(name, kind="V2Stake")
        return None if stake is None else stake.spare("stakeValue", stake.optional_decimal)

    return ModelStake(
        id=one.text("id"),
        name=one.text("name"),
        stake_nmr=one.spare("v2Stake", staked),
        archived=bool(one.spare("archived", one.truth)),
    )


def _payout_of(row: Fields, *, settled: bool) -> Payout:
    return Payout(
        round_number=row.integer("roundNumber"),
        model_id=row.text("modelId"),
        amount_nmr=row.optional_decimal("payoutNmr") or Decimal(0),
        resolve_date=row.spare("roundResolveTime", row.optional_time),
        settled=settled,
    )
