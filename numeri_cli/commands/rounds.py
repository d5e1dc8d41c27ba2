"""numeri rounds: the rounds this machine has seen, from the ledger alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from numeri_cli.commands.context import Context
from numeri_cli.ledger.entries import AttemptState
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


# tens of thousands of rows are told at once
_of_receipt = attrgetter(*(field.name for field in fields(ReceiptRow)))
_of_attempt = attrgetter(*(field.name for field in fields(AttemptRow)))


def rounds(context: Context, *, limit: int) -> SeenRounds:
    """The newest rounds that this machine has seen. Raises LedgerDamaged, DiskError."""
    key, ledger = context.tournament, context.ledger
    seen = ledger.rounds(key, limit=limit)
    receipts: defaultdict[int, list[ReceiptRow]] = defaultdict(list)
    attempts: defaultdict[int, list[AttemptRow]] = defaultdict(list)
    first = min((one.number for one in seen), default=0)
    for receipt in ledger.receipts(key, since_round=first):
        receipts[receipt.round_number].append(ReceiptRow(*_of_receipt(receipt)))
    for attempt in ledger.attempts(key, since_round=first):
        attempts[attempt.round_number].append(AttemptRow(*_of_attempt(attempt)))
    return SeenRounds(
        key,
        tuple(
            RoundRow(
                number=one.number,
                open_time=one.open_time,
                deadline=one.deadline,
                receipts=tuple(receipts[one.number]),
                attempts=tuple(attempts[one.number]),
            )
            for one in seen
        ),
    )
