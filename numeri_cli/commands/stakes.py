"""numeri stakes: what of each stake is at risk in which round, from what ordinary keys may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from numeri_cli.api.standing import stake_history
from numeri_cli.commands import standing
from numeri_cli.commands.context import Context
from numeri_cli.commands.payouts import PayoutRow, State, payout_rows
from numeri_cli.errors import ApiError
from numeri_cli.ledger import money
from numeri_cli.ledger.accounts import KnownModel
from numeri_cli.published import Published

_ROUND_WISE = (
    "each round takes its part of the stake when it closes; settled, the part comes back with"
    " what was paid, or without what was burned"
)
_WEBSITE_ALONE = (
    "claims and the debt of netted burns are shown on the website alone: ordinary keys may not"
    " read them, and numeri never asks for more"
)
NOTES = (_ROUND_WISE, _WEBSITE_ALONE)


@dataclass(frozen=True)
class RoundStake(Published):
    """A model's stake in one round; share: of the model's whole stake of now, None without one."""

    round_number: int
    model: str
    at_risk_nmr: Decimal
    share: float | None
    state: State
    payout_nmr: Decimal
    date: date | None


@dataclass(frozen=True)
class StakeDay(Published):
    """What was staked on a model on a day."""

    day: date
    stake_nmr: Decimal


@dataclass(frozen=True)
class StakedModel(Published):
    """One model's stake in NMR.

    stake_nmr: as the server shows it; at_risk_nmr: in rounds that are not settled; free_nmr: the
    rest; pending_nmr: what those rounds would pay now; settled_nmr, burned_nmr: what was paid, and
    the part of it below zero
    """

    model: str
    stake_nmr: Decimal
    at_risk_nmr: Decimal
    free_nmr: Decimal
    pending_nmr: Decimal
    settled_nmr: Decimal
    burned_nmr: Decimal
    rounds: tuple[RoundStake, ...]
    days: tuple[StakeDay, ...]


@dataclass(frozen=True)
class StakeReport(Published):
    """Stakes as of a time; offline: the server could not be asked."""

    tournament: str
    account: str
    as_of: datetime
    offline: bool
    models: tuple[StakedModel, ...]
    notes: tuple[str, ...]

    @property
    def rows(self) -> tuple[RoundStake, ...]:
        """Every round of every model, for a table."""
        return tuple(row for model in self.models for row in model.rounds)


def stakes(context: Context, names: Sequence[str] = ()) -> StakeReport:
    """Bring what is new and tell where each stake is. Raises what `standing.own` raises."""
    whose = standing.own(context, names)
    if not whose.offline:
        for one in whose.models:
            _bring_days(context, one)
    rows = payout_rows(context, whose)
    return StakeReport(
        tournament=context.tournament,
        account=whose.account,
        as_of=whose.as_of,
        offline=whose.offline,
        models=tuple(_of_model(context, one, rows) for one in whose.models),
        notes=NOTES,
    )


def _bring_days(context: Context, model: KnownModel) -> None:
    """The stake of a day is what it was at the day's end, as far as that is known."""
    try:
        found = stake_history(context.client, model.name)
    except ApiError as error:
        context.listener.say(f"going on without the stakes of {model.name}: {error.message}")
        return
    days = {one.time.date(): one.stake_nmr for one in sorted(found, key=lambda one: one.time)}
    money.keep_stakes(context.ledger, context.tournament, model.id, days=days)


def _of_model(context: Context, model: KnownModel, rows: Sequence[PayoutRow]) -> StakedModel:
    own = [row for row in rows if row.model == model.name]
    stake = model.stake_nmr or Decimal(0)
    pending = [row for row in own if row.state == "pending"]
    settled = [row for row in own if row.state == "settled"]
    at_risk = sum((row.at_risk_nmr or Decimal(0) for row in pending), start=Decimal(0))
    days = money.stakes(context.ledger, context.tournament, model.id)
    return StakedModel(
        model=model.name,
        stake_nmr=stake,
        at_risk_nmr=at_risk,
        free_nmr=max(stake - at_risk, Decimal(0)),
        pending_nmr=sum((row.payout_nmr for row in pending), start=Decimal(0)),
        settled_nmr=sum((row.payout_nmr for row in settled), start=Decimal(0)),
        burned_nmr=sum((row.payout_nmr for row in settled if row.payout_nmr < 0), start=Decimal(0)),
        rounds=tuple(_round(row, stake=stake) for row in own if row.at_risk_nmr),
        days=tuple(StakeDay(day, nmr) for day, nmr in days.items()),
    )


def _round(row: PayoutRow, *, stake: Decimal) -> RoundStake:
    at_risk = row.at_risk_nmr or Decimal(0)
    return RoundStake(
        round_number=row.round_number,
        model=row.model,
        at_risk_nmr=at_risk,
        share=float(at_risk / stake) if stake else None,
        state=row.state,
        payout_nmr=row.payout_nmr,
        date=row.date,
    )
