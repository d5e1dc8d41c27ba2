"""numeri rounds: the rounds this machine has seen, from the ledger alone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from numeri_cli.commands.context import Context
from numeri_cli.ledger.entries import AttemptState, RoundSeen
from numeri_cli.published import Published
from numeri_cli.records import Timing


@dataclass(frozen=True)
class ReceiptRow(Published):
    """Proof that a submission was accepted; prediction_digest: SHA-256 of the bytes, in hex."""

    tournament: str
    round_number: int
    model: str
    server_id: str
    filename: str
    prediction_digest: str
    rows: int
    timing: Timing
    time: datetime
    selected: bool


@dataclass(frozen=True)
class AttemptRow(Published):
    """One try to submit, as far as it came; error: the sentence it ended with."""

    id: int
    tournament: str
    round_number: int
    model: str
    prediction_digest: str
    state: AttemptState
    filename: str | None
    server_id: str | None
    error: str | None
    started: datetime
    updated: datetime


@dataclass(frozen=True)
class RoundRow(Published):
    """One round as this machine knows it."""

    number: int
    open_time: datetime
    deadline: datetime
    receipts: tuple[ReceiptRow, ...]
    attempts: tuple[AttemptRow, ...]


@dataclass(frozen=True)
class SeenRounds(Published):
    """What the ledger remembers, the newest round first."""

    tournament: str
    rounds: tuple[RoundRow, ...]


def rounds(context: Context, *, limit: int) -> SeenRounds:
    """The newest rounds that this machine has seen. Raises LedgerDamaged, DiskError."""
    seen = context.ledger.rounds(context.tournament, limit=limit)
    return SeenRounds(context.tournament, tuple(_row(context, one) for one in seen))


def _row(context: Context, seen: RoundSeen) -> RoundRow:
    ledger, key = context.ledger, context.tournament
    return RoundRow(
        number=seen.number,
        open_time=seen.open_time,
        deadline=seen.deadline,
        receipts=tuple(
            ReceiptRow(**{field.name: getattr(one, field.name) for field in fields(ReceiptRow)})
            for one in ledger.receipts(key, round_number=seen.number)
        ),
        attempts=tuple(
            AttemptRow(**{field.name: getattr(one, field.name) for field in fields(AttemptRow)})
            for one in ledger.attempts(key, round_number=seen.number)
        ),
    )
