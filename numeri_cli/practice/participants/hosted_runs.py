"""The runs of uploaded models as they are written down: states, log lines, what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from numeri_cli.practice.database.database import Connection, Row, insert, moment_of, moment_text

VALIDATION, DIAGNOSTICS, ROUND, WEBHOOK = "validation", "diagnostics", "round", "webhook"


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """One run of an uploaded model, or one call of a webhook.

    kind: "validation", "diagnostics", "round" or "webhook"
    hosted_id: None for a webhook; status: the newest word for how far it has come
    model_id: the slot that it is for, if any; round_number: None where no round is open
    """

    id: str
    kind: str
    hosted_id: str | None
    model_id: str | None
    round_number: int | None
    submission_id: str | None
    status: str
    inserted_at: datetime


@dataclass(frozen=True, kw_only=True)
class RecordedState:
    """A word that a run had, and since when."""

    status: str
    description: str
    inserted_at: datetime


@dataclass(frozen=True, kw_only=True)
class RecordedLine:
    """A line of a run's log."""

    message: str
    inserted_at: datetime


def begin(connection: Connection, run: RecordedRun) -> None:
    """Write a run down; its first state is added with it."""
    insert(
        connection,
        "hosted_runs",
        id=run.id,
        kind=run.kind,
        hosted_id=run.hosted_id,
        model_id=run.model_id,
        round=run.round_number,
        submission_id=run.submission_id,
        status=run.status,
        inserted_at=run.inserted_at,
    )


def go_on(
    connection: Connection,
    run: RecordedRun,
    *,
    state: RecordedState,
    log: Sequence[str] = (),
    submission_id: str | None = None,
) -> None:
    """Add a state and lines of the log; the uploaded model shows the word of its validation."""
    connection.execute(
        "UPDATE hosted_runs SET status = ?, submission_id = coalesce(?, submission_id)"
        " WHERE id = ?",
        (state.status, submission_id, run.id),
    )
    insert(
        connection,
        "hosted_run_states",
        run_id=run.id,
        status=state.status,
        description=state.description,
        inserted_at=state.inserted_at,
    )
    for message in log:
        insert(
            connection,
            "hosted_run_log",
            run_id=run.id,
            message=message,
            inserted_at=state.inserted_at,
        )
    if run.kind == VALIDATION:
        connection.execute(
            "UPDATE hosted_models SET validation_status = ?, updated_at = ? WHERE id = ?",
            (state.status, moment_text(state.inserted_at), run.hosted_id),
        )


def run(connection: Connection, run_id: str) -> RecordedRun | None:
    """The run of that id."""
    row = connection.execute("SELECT * FROM hosted_runs WHERE id = ?", (run_id,)).fetchone()
    return None if row is None else _run(row)


def runs_of(connection: Connection, hosted_id: str) -> tuple[RecordedRun, ...]:
    """All runs of an uploaded model, newest first."""
    rows = connection.execute(
        "SELECT * FROM hosted_runs WHERE hosted_id = ? ORDER BY sequence DESC", (hosted_id,)
    )
    return tuple(_run(row) for row in rows)


def newest(connection: Connection, hosted_id: str, *, kind: str) -> RecordedRun | None:
    """The newest run of a kind."""
    return next((one for one in runs_of(connection, hosted_id) if one.kind == kind), None)


def unended(connection: Connection, *, ends: Sequence[str]) -> tuple[RecordedRun, ...]:
    """Runs of uploaded models whose word is none of `ends`, oldest first."""
    marks = ", ".join("?" * len(ends))
    rows = connection.execute(
        f"SELECT * FROM hosted_runs WHERE hosted_id IS NOT NULL AND status NOT IN ({marks})"  # noqa: S608 - question marks only
        " ORDER BY sequence",
        tuple(ends),
    )
    return tuple(_run(row) for row in rows)


def states_of(connection: Connection, run_id: str) -> tuple[RecordedState, ...]:
    """The words that a run had, oldest first."""
    rows = connection.execute(
        "SELECT * FROM hosted_run_states WHERE run_id = ? ORDER BY sequence", (run_id,)
    )
    return tuple(
        RecordedState(
            status=row["status"],
            description=row["description"],
            inserted_at=moment_of(row["inserted_at"]),
        )
        for row in rows
    )


def log_of(connection: Connection, run_id: str) -> tuple[RecordedLine, ...]:
    """The lines of a run's log, oldest first."""
    rows = connection.execute(
        "SELECT * FROM hosted_run_log WHERE run_id = ? ORDER BY sequence", (run_id,)
    )
    return tuple(
        RecordedLine(message=row["message"], inserted_at=moment_of(row["inserted_at"]))
        for row in rows
    )


def _run(row: Row) -> RecordedRun:
    return RecordedRun(
        id=row["id"],
        kind=row["kind"],
        hosted_id=row["hosted_id"],
        model_id=row["model_id"],
        round_number=row["round"],
        submission_id=row["submission_id"],
        status=row["status"],
        inserted_at=moment_of(row["inserted_at"]),
    )
