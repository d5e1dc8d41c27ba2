"""Rows of the ledger as records; times are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from numeri_cli.errors import LedgerDamaged
from numeri_cli.records import DataFileRecord, Receipt

AttemptState = Literal[
    "begun", "authorized", "uploaded", "sending", "created", "accepted", "refused", "failed"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundSeen:
    """A round as it was when this machine last asked."""

    tournament: str
    number: int
    open_time: datetime
    deadline: datetime
    data_datestamp: int | None
    target: str | None
    seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """A model that was trained here; digest is that of its artifact."""

    tournament: str
    model: str
    artifact: str
    digest: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to submit, as far as it came; `error` is the sentence it ended with."""

    id: int
    tournament: str
    round_number: int
    model: str
    prediction_digest: str
    state: AttemptState
    filename: str | None  # as the server renamed it
    server_id: str | None
    error: str | None
    started: datetime
    updated: datetime


def file_of(row: tuple[Any, ...]) -> DataFileRecord:
    """What is known of a file, of a row of `files`."""
    tournament, name, size, etag, digest, number, time, modified_ns = row
    return DataFileRecord(
        tournament=tournament,
        name=name,
        size_bytes=size,
        etag=etag,
        digest=digest,
        round_number=number,
        time=time_of(time),
        modified_ns=modified_ns,
    )


def attempt_of(row: tuple[Any, ...]) -> Attempt:
    """A try to submit, of the columns that `Ledger.attempts` asks for."""
    number, *facts, started, updated = row
    tournament, round_number, model, digest, state, filename, server_id, error = facts
    return Attempt(
        id=number,
        tournament=tournament,
        round_number=round_number,
        model=model,
        prediction_digest=digest,
        state=state,
        filename=filename,
        server_id=server_id,
        error=error,
        started=time_of(started),
        updated=time_of(updated),
    )


def receipt_of(row: tuple[Any, ...]) -> Receipt:
    """A receipt, of the columns that `Ledger.receipts` asks for."""
    tournament, round_number, model, server_id, filename, digest, count, timing, time, chosen = row
    return Receipt(
        tournament=tournament,
        round_number=round_number,
        model=model,
        server_id=server_id,
        filename=filename,
        prediction_digest=digest,
        rows=count,
        timing=timing,
        time=time_of(time),
        selected=bool(chosen),
    )


def time_text(time: datetime) -> str:
    """A time as the ledger keeps it: ISO 8601 in UTC."""
    return time.astimezone(UTC).isoformat()


def time_of(text: str) -> datetime:
    """What `time_text` wrote. Raises LedgerDamaged."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError("a time of no zone")
        return found.astimezone(UTC)
    except (ValueError, OverflowError, TypeError) as error:
        raise LedgerDamaged(
            f"the ledger tells a time that is none: {text[:40]!r}",
            hint="move it away and go on; the server still knows your submissions",
        ) from error


def nmr_text(amount: Decimal | None) -> str | None:
    """An amount as the ledger keeps it: plain digits, never an exponent."""
    return None if amount is None else f"{amount:f}"


def nmr_of(text: str | None) -> Decimal | None:
    """What `nmr_text` wrote."""
    return None if text is None else Decimal(text)


def marks(count: int) -> str:
    """Question marks for so many values of a statement."""
    return ", ".join("?" * count)
