"""Rows of the ledger that no other room has a record for. Times are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AttemptState = Literal[
    "begun", "authorized", "uploaded", "sending", "created", "accepted", "refused", "failed"
]


@dataclass(frozen=True, slots=True)
class RoundSeen:
    """A round as it was when this machine last asked."""

    tournament: str
    number: int
    open_time: datetime
    deadline: datetime
    data_datestamp: int | None
    target: str | None
    seen: datetime


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that was trained here; digest is that of its artifact."""

    tournament: str
    model: str
    artifact: str
    digest: str
    time: datetime


@dataclass(frozen=True, slots=True)
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
