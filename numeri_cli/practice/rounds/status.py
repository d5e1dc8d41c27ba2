"""Where a practice tournament stands: its clock, its live round, the participant's models in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from numeri_cli.practice.database.database import Connection
from numeri_cli.practice.participants import accounts, submissions
from numeri_cli.practice.participants.accounts import Account
from numeri_cli.practice.rounds.state import State
from numeri_cli.published import Published


@dataclass(frozen=True, kw_only=True)
class PracticeModel(Published):
    """One of the participant's models in the live round: status on-time, late or none.

    wanted_nmr: what the stake comes down to, where a part of it is on its way to the wallet
    """

    name: str
    stake_nmr: Decimal
    wanted_nmr: Decimal | None
    status: str
    submission_id: str | None


@dataclass(frozen=True, kw_only=True)
class PracticeStatus(Published):
    """Where the practice tournament stands; times aware UTC."""

    now: datetime
    round_number: int
    opens_at: datetime
    closes_at: datetime
    is_open: bool
    live_era: int
    available_nmr: Decimal
    models: tuple[PracticeModel, ...]


def practice_status(
    connection: Connection, account: Account, *, state: State, moment: datetime
) -> PracticeStatus:
    """Where the tournament and an account's models stand; moment: the tournament's time."""
    counted = {one.model_id: one for one in submissions.selected_in(connection, state.live_round)}
    models = accounts.models_of(connection, account.id)
    times = state.calendar.round(state.live_round)
    return PracticeStatus(
        now=moment,
        round_number=times.number,
        opens_at=times.opens_at,
        closes_at=times.closes_at,
        is_open=state.open_round_at(moment) is not None,
        live_era=state.live_round,
        available_nmr=account.available_nmr,
        models=tuple(_practice_model(one, counted.get(one.id)) for one in models),
    )


def _practice_model(
    model: accounts.ParticipantModel, counted: submissions.StoredSubmission | None
) -> PracticeModel:
    status = "none" if counted is None else "on-time" if counted.on_time else "late"
    return PracticeModel(
        name=model.name,
        stake_nmr=model.stake_nmr,
        wanted_nmr=model.wanted_nmr,
        status=status,
        submission_id=None if counted is None else counted.id,
    )
