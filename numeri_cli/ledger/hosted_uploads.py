"""Pickles on their way to Numerai's machines: every step, so that the next call can go on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from numeri_cli.ledger.entries import time_of, time_text
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.mending import decoding, mended

UploadState = Literal["authorized", "uploaded", "creating", "created", "validated", "refused"]
SENT: tuple[UploadState, ...] = ("creating", "created", "validated", "refused")
_COLUMNS = (
    "id, tournament, slot, digest, data_version, image, state, filename, pickle_id, facts,"
    " started, updated"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedFacts:
    """What is known here of a pickle.

    model, artifact: of the profile; "" for a file; trained_at: ISO 8601; "" where unknown
    targets: what it predicts; empty where that is unknown
    checked: it was tried on this machine before it was uploaded
    """

    model: str = ""
    artifact: str = ""
    targets: tuple[str, ...] = ()
    trained_at: str = ""
    checked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedUploadEntry:
    """One pickle on its way.

    slot: the model of the account; digest: SHA-256 of the pickle, in hex
    data_version, image: ids, as the server has them
    state: "creating" before the server is asked to take it, "created" once it has
    filename: that the server gave it; pickle_id: of what the server made of it
    """

    id: int
    tournament: str
    slot: str
    digest: str
    data_version: str
    image: str
    state: UploadState
    filename: str | None
    pickle_id: str | None
    facts: HostedFacts
    started: datetime
    updated: datetime


@mended
def begin_upload(
    ledger: Ledger,
    tournament: str,
    *,
    slot: str,
    digest: str,
    data_version: str,
    image: str,
    filename: str,
    facts: HostedFacts,
    time: datetime,
) -> int:
    """Remember the name that the server gave a pickle before its bytes are sent."""
    with ledger.transaction() as connection:
        made = connection.execute(
            "INSERT INTO hosted_uploads (tournament, slot, digest, data_version, image, state,"
            " filename, pickle_id, facts, started, updated)"
            " VALUES (?, ?, ?, ?, ?, 'authorized', ?, NULL, ?, ?, ?)",
            (
                tournament,
                slot,
                digest,
                data_version,
                image,
                filename,
                _text_of(facts),
                time_text(time),
                time_text(time),
            ),
        )
        return int(made.lastrowid or 0)


@mended
def advance_upload(
    ledger: Ledger,
    upload_id: int,
    state: UploadState,
    *,
    time: datetime,
    pickle_id: str | None = None,
) -> None:
    """Remember how far a pickle has come."""
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE hosted_uploads SET state = ?, updated = ?, pickle_id = coalesce(?, pickle_id)"
            " WHERE id = ?",
            (state, time_text(time), pickle_id, upload_id),
        )


@mended
def hosted_uploads(
    ledger: Ledger, tournament: str, *, digest: str | None = None
) -> tuple[HostedUploadEntry, ...]:
    """All pickles that were on their way, newest first; digest: only those with these bytes."""
    rows = ledger.read(
        f"SELECT {_COLUMNS} FROM hosted_uploads WHERE tournament = ?1"  # noqa: S608  # our own names
        " AND (?2 IS NULL OR digest = ?2) ORDER BY id DESC",
        tournament,
        digest,
    )
    with decoding("uploaded models"):
        return tuple(
            HostedUploadEntry(
                id=number, tournament=key, slot=slot, digest=known, data_version=version,
                image=image, state=state, filename=filename, pickle_id=pickle_id,
                facts=_facts_of(facts), started=time_of(started), updated=time_of(updated),
            )
            for (
                number, key, slot, known, version, image, state, filename, pickle_id, facts,
                started, updated,
            ) in rows
        )  # fmt: skip


def _text_of(facts: HostedFacts) -> str:
    return json.dumps(
        {
            "model": facts.model,
            "artifact": facts.artifact,
            "targets": list(facts.targets),
            "trained_at": facts.trained_at,
            "checked": facts.checked,
        }
    )


def _facts_of(text: str) -> HostedFacts:
    found: dict[str, Any] = json.loads(text)
    return HostedFacts(
        model=str(found["model"]),
        artifact=str(found["artifact"]),
        targets=tuple(map(str, found["targets"])),
        trained_at=str(found["trained_at"]),
        checked=found.get("checked") is True,
    )
