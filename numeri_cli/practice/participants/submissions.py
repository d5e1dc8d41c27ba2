"""Uploads and submissions: who may put which file, what counts for which round."""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from numeri_cli.practice.calendar import RoundTimes
from numeri_cli.practice.database.database import Connection, Row, insert, moment_of
from numeri_cli.practice.participants.check import Verdict
from numeri_cli.practice.participants.refusals import Refusal

TOKEN_LETTERS = string.ascii_letters + string.digits
TOKEN_LENGTH = 12
FILENAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ ()+-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file name handed out: kind is "submission", "diagnostics" or "model"."""

    filename: str
    kind: str
    account_id: str
    model_id: str | None


@dataclass(frozen=True, kw_only=True)
class StoredSubmission:
    """One submission; on_time false means late, queued_for names the round it waits for."""

    id: str
    model_id: str
    round_number: int
    filename: str
    submitted_at: datetime
    on_time: bool
    selected: bool
    queued_for: int | None
    error_info: str | None
    submitted_count: int
    filtered_count: int
    data_datestamp: int
    source: str | None
    trigger_id: str | None


@dataclass(frozen=True)
class SubmissionOrigin:
    """What a client says about where a submission comes from."""

    source: str | None = None
    trigger_id: str | None = None


def authorize(
    connection: Connection,
    filename: str,
    *,
    kind: str,
    suffixes: tuple[str, ...],
    account_id: str,
    model_id: str | None,
    moment: datetime,
) -> Upload:
    """Hand out a unique name: the stem, a dash, 12 alphanumerics, the suffix. Raises Refusal."""
    path = PurePosixPath(filename)
    if not FILENAME.fullmatch(filename) or path.suffix not in suffixes:
        raise Refusal(f"invalid filename: must end in {' or '.join(suffixes)}")
    token = "".join(secrets.choice(TOKEN_LETTERS) for _ in range(TOKEN_LENGTH))
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", path.stem)
    upload = Upload(
        filename=f"{stem}-{token}{path.suffix}", kind=kind, account_id=account_id, model_id=model_id
    )
    insert(
        connection,
        "uploads",
        filename=upload.filename,
        kind=kind,
        account_id=account_id,
        model_id=model_id,
        authorized_at=moment,
    )
    return upload


def upload_named(
    connection: Connection, filename: str, *, kind: str, account_id: str
) -> Upload | None:
    """The upload of that name, if it was handed out to this account for this kind."""
    row = connection.execute(
        "SELECT * FROM uploads WHERE filename = ? AND kind = ? AND account_id = ?",
        (filename, kind, account_id),
    ).fetchone()
    return (
        None
        if row is None
        else Upload(filename=filename, kind=kind, account_id=account_id, model_id=row["model_id"])
    )


def kind_of_upload(connection: Connection, filename: str) -> str | None:
    """What a name was handed out for; None for a name that never was."""
    row = connection.execute("SELECT kind FROM uploads WHERE filename = ?", (filename,)).fetchone()
    return None if row is None else str(row["kind"])


def record(
    connection: Connection,
    *,
    submission_id: str,
    upload: Upload,
    model_id: str,
    round_times: RoundTimes,
    moment: datetime,
    verdict: Verdict,
    origin: SubmissionOrigin,
) -> None:
    """Write a submission down and choose which of the model's counts for the round.

    Of the valid ones the latest on-time one counts; a late one only where none was on time, and
    it waits for the next round besides.
    """
    on_time = moment < round_times.closes_at
    selected = verdict.error_info is None and (
        on_time or not _has_on_time(connection, model_id, number=round_times.number)
    )
    if selected:
        connection.execute(
            "UPDATE submissions SET selected = 0 WHERE model_id = ? AND round = ?",
            (model_id, round_times.number),
        )
    queued = verdict.error_info is None and not on_time
    insert(
        connection,
        "submissions",
        id=submission_id,
        model_id=model_id,
        round=round_times.number,
        filename=upload.filename,
        submitted_at=moment,
        on_time=int(on_time),
        selected=int(selected),
        queued_for=round_times.number + 1 if queued else None,
        error_info=verdict.error_info,
        submitted_count=verdict.submitted_count,
        filtered_count=verdict.filtered_count,
        data_datestamp=round_times.data_datestamp,
        source=origin.source,
        trigger_id=origin.trigger_id,
    )


def _has_on_time(connection: Connection, model_id: str, *, number: int) -> bool:
    query = "SELECT 1 FROM submissions WHERE model_id = ? AND round = ? AND selected AND on_time"
    return connection.execute(query, (model_id, number)).fetchone() is not None


def submissions_of(connection: Connection, model_id: str) -> tuple[StoredSubmission, ...]:
    """A model's submissions, newest first."""
    rows = connection.execute(
        "SELECT * FROM submissions WHERE model_id = ? ORDER BY sequence DESC", (model_id,)
    )
    return tuple(_submission(row) for row in rows)


def submission(connection: Connection, submission_id: str) -> StoredSubmission | None:
    """The submission of that id."""
    row = connection.execute("SELECT * FROM submissions WHERE id = ?", (submission_id,)).fetchone()
    return None if row is None else _submission(row)


def selected_in(connection: Connection, number: int) -> tuple[StoredSubmission, ...]:
    """What counts in a round, one a model."""
    rows = connection.execute(
        "SELECT * FROM submissions WHERE round = ? AND selected ORDER BY sequence", (number,)
    )
    return tuple(_submission(row) for row in rows)


def queued_for(connection: Connection, number: int) -> tuple[StoredSubmission, ...]:
    """The latest late submission of every model that waits for round `number`."""
    rows = connection.execute(
        """SELECT * FROM submissions WHERE sequence IN
           (SELECT max(sequence) FROM submissions WHERE queued_for = ? GROUP BY model_id)
           ORDER BY sequence""",
        (number,),
    )
    return tuple(_submission(row) for row in rows)


def _submission(row: Row) -> StoredSubmission:
    return StoredSubmission(
        id=row["id"],
        model_id=row["model_id"],
        round_number=row["round"],
        filename=row["filename"],
        submitted_at=moment_of(row["submitted_at"]),
        on_time=bool(row["on_time"]),
        selected=bool(row["selected"]),
        queued_for=row["queued_for"],
        error_info=row["error_info"],
        submitted_count=row["submitted_count"],
        filtered_count=row["filtered_count"],
        data_datestamp=row["data_datestamp"],
        source=row["source"],
        trigger_id=row["trigger_id"],
    )
