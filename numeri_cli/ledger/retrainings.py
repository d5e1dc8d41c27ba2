"""What was decided about retrained models: entries of the ledger, told once by the next run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from numeri_cli.ledger.entries import TrainedModel, time_of, time_text
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.mending import mended

Decision = Literal["begun", "trained", "adopted", "kept the old", "kept aside", "failed"]
UNDECIDED: tuple[Decision, ...] = ("begun", "trained")
_COLUMNS = "id, tournament, model, state, artifact, digest, words, time, told"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingEntry:
    """One step of a retraining.

    state: "begun", then "trained" before it was judged, then what was decided
    artifact, digest: of the candidate, None where there is none
    words: why; told: whether a run has told of it
    """

    id: int
    tournament: str
    model: str
    state: Decision
    artifact: str | None
    digest: str | None
    words: str
    time: datetime
    told: bool


@mended
def keep_retraining(
    ledger: Ledger,
    tournament: str,
    *,
    model: str,
    state: Decision,
    words: str,
    time: datetime,
    artifact: str | None = None,
    digest: str | None = None,
) -> None:
    """Remember a step; one that is adopted becomes a model of the ledger's with it."""
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT INTO retrainings"
            " (tournament, model, state, artifact, digest, words, time, told)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                tournament,
                model,
                state,
                artifact,
                digest,
                words,
                time_text(time),
                state in UNDECIDED,  # nothing to tell
            ),
        )
        if state == "adopted":
            trained = TrainedModel(
                tournament=tournament,
                model=model,
                artifact=artifact or "",
                digest=digest or "",
                time=time,
            )
            connection.execute(
                "INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?, ?)",
                (trained.tournament, model, trained.artifact, trained.digest, time_text(time)),
            )
    if state == "adopted":
        ledger.note_vouched()


@mended
def retrainings(ledger: Ledger, tournament: str) -> tuple[RetrainingEntry, ...]:
    """Every step, newest first."""
    with ledger.transaction() as connection:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM retrainings WHERE tournament = ? ORDER BY id DESC",  # noqa: S608  # our own names
            (tournament,),
        ).fetchall()
    return tuple(
        RetrainingEntry(
            id=number, tournament=key, model=model, state=state, artifact=artifact,
            digest=digest, words=words, time=time_of(time), told=bool(told),
        )
        for number, key, model, state, artifact, digest, words, time, told in rows
    )  # fmt: skip


@mended
def mark_told(ledger: Ledger, entries: tuple[RetrainingEntry, ...]) -> None:
    """A run has told of these."""
    with ledger.transaction() as connection:
        connection.executemany(
            "UPDATE retrainings SET told = 1 WHERE id = ?", [(entry.id,) for entry in entries]
        )
