"""Where a practice tournament stands: its clock, its live round, the participant's models in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from numeri_cli.practice.database.database import Connection
from numeri_cli.practice.participants import accounts, submissions
from numeri_cli.practice.participants.accounts import Account
from numeri_cli.practice.rounds.settlement import PAYOUT_HORIZON_DAYS
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


@dataclass(frozen=True, kw_only=True)
class ResolvedModel(Published):
    """What one of the participant's models got when a round resolved; negative is a burn."""

    round_number: int
    model: str
    at_risk_nmr: Decimal
    payout_nmr: Decimal
    corr60: float
    mmc60: float


def resolved_rounds(connection: Connection) -> frozenset[int]:
    """The rounds that are settled."""
    rows = connection.execute(
        "SELECT round FROM settlements WHERE horizon_days = ?", (PAYOUT_HORIZON_DAYS,)
    )
    return frozenset(row["round"] for row in rows)


def resolved_models(
    connection: Connection, account: Account, *, rounds: Iterable[int]
) -> tuple[ResolvedModel, ...]:
    """What settled rounds brought the account's models, the oldest round first."""
    found = []
    for number in sorted(rounds):
        rows = connection.execute(
            """SELECT models.name, at_risk_nmr, corr.value AS corr60, mmc.value AS mmc60,
               (SELECT amount_nmr FROM stake_moves WHERE stake_moves.round = entries.round
                AND stake_moves.model_id = entries.model_id) AS amount_nmr
               FROM entries JOIN models ON models.id = entries.model_id
               JOIN scores AS corr ON corr.round = entries.round
                AND corr.model_id = entries.model_id AND corr.name = 'corr60'
               JOIN scores AS mmc ON mmc.round = entries.round
                AND mmc.model_id = entries.model_id AND mmc.name = 'mmc60'
               WHERE entries.round = ? AND models.account_id = ? ORDER BY models.sequence""",
            (number, account.id),
        )
        found += [
            ResolvedModel(
                round_number=number,
                model=row["name"],
                at_risk_nmr=Decimal(row["at_risk_nmr"]),
                payout_nmr=Decimal(row["amount_nmr"] or 0),
                corr60=row["corr60"],
                mmc60=row["mmc60"],
            )
            for row in rows
        ]
    return tuple(found)


def rounds_missed(connection: Connection, account: Account, *, rounds: range) -> tuple[int, ...]:
    """Those of these rounds in which no submission of the account's models counts."""
    rows = connection.execute(
        """SELECT DISTINCT round FROM submissions JOIN models ON models.id = submissions.model_id
           WHERE selected AND models.account_id = ? AND round BETWEEN ? AND ?""",
        (account.id, rounds.start, rounds.stop - 1),
    )
    entered = {row["round"] for row in rows}
    return tuple(number for number in rounds if number not in entered)


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
