"""Uploads and submissions on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from numeri_cli.practice.participants import accounts, submissions
from numeri_cli.practice.participants.check import SUFFIXES
from numeri_cli.practice.participants.refusals import Refusal, not_found, round_closed
from numeri_cli.practice.participants.submissions import StoredSubmission, SubmissionOrigin
from numeri_cli.practice.rounds.late_submissions import QueuedTime, as_uploaded
from numeri_cli.practice.server.resolvers.request import (
    ApiRequest,
    RequestView,
    Wire,
    require_classic,
    viewing,
)
from numeri_cli.practice.server.resolvers.rounds import round_wire
from numeri_cli.practice.server.submitting import submit

UPLOAD_SCOPE = "upload_submission"
READ_SCOPE = "read_submission_info"


def submission_upload_auth(
    view: RequestView, *, filename: str, tournament: int, model_id: str | None = None
) -> Wire:
    """A name and a signed URL to PUT a prediction file to."""
    require_classic(tournament)
    return upload_auth(view, filename, kind="submission", suffixes=SUFFIXES, model_id=model_id)


def submission_upload_signals_auth(
    view: RequestView,
    *,
    filename: str,
    tournament: int | None = 11,
    model_id: str | None = None,
) -> Wire:
    """Signals is not played here."""
    raise Refusal(f"invalid tournament: {tournament}")


def upload_auth(
    view: RequestView, filename: str, *, kind: str, suffixes: tuple[str, ...], model_id: str | None
) -> Wire:
    """A name and a signed URL for any kind of upload."""
    caller = view.caller(UPLOAD_SCOPE)
    model = view.own_model(caller, model_id) if model_id or kind == "submission" else None
    with view.asked.tournament.store.writing() as connection:
        upload = submissions.authorize(
            connection,
            filename,
            kind=kind,
            suffixes=suffixes,
            account_id=caller.account.id,
            model_id=model.id if model else None,
            moment=view.now,
        )
    return {
        "filename": upload.filename,
        "url": view.asked.file_url(f"/uploads/{upload.filename}", method="PUT"),
        "accelerated": False,
        "countryCode": None,
    }


def create_submission(
    asked: ApiRequest,
    *,
    filename: str,
    tournament: int,
    model_id: str | None = None,
    data_datestamp: int | None = None,
    source: str | None = None,
    trigger_id: str | None = None,
    version: int | None = None,
) -> Wire:
    """Take an uploaded file as a submission, judge it, choose what counts."""
    require_classic(tournament)
    with viewing(asked) as view:
        caller = view.caller(UPLOAD_SCOPE)
        model = view.own_model(caller, model_id)
        upload = submissions.upload_named(
            view.connection, filename, kind="submission", account_id=caller.account.id
        )
        times = view.state.round_at(view.now)
    if model.hosted_id is not None:
        raise Refusal("An uploaded model is assigned to this slot: unassign it to submit by API")
    if upload is None or upload.model_id != model.id:
        raise not_found("File")
    if times is None:
        raise round_closed()
    if data_datestamp not in (None, times.data_datestamp):
        raise Refusal("Submissions are taken for the current round's data only")
    submission_id = submit(
        asked.tournament,
        upload,
        model_id=model.id,
        times=times,
        origin=SubmissionOrigin(source, trigger_id),
    )
    with viewing(asked) as view:
        return settled_wire(view, submission_id)


def create_signals_submission(
    asked: ApiRequest,
    *,
    tournament: int | None = 11,
    **_: object,
) -> Wire:
    """Signals is not played here."""
    raise Refusal(f"invalid tournament: {tournament}")


def submission_download_auth(view: RequestView, *, id_: str) -> Wire:
    """A signed URL to GET one's own submission, as it was uploaded."""
    caller = view.caller("download_submission")
    found = as_uploaded(view.connection, own_submission(view, caller.account.id, submission_id=id_))
    path = f"/submissions/{found.id}/{found.filename}"
    return {"filename": found.filename, "url": view.asked.file_url(path, method="GET")}


def own_submission(view: RequestView, account_id: str, *, submission_id: str) -> StoredSubmission:
    """The account's submission of that id. Raises Refusal."""
    found = submissions.submission(view.connection, submission_id)
    owner = None if found is None else accounts.model(view.connection, found.model_id)
    if found is None or owner is None or owner.account_id != account_id:
        raise not_found("Submission")
    return found


def submissions_list(
    view: RequestView,
    *,
    id_: str | None = None,
    model_id: str | None = None,
) -> list[Wire]:
    """One submission by its id, or those of a model, newest first."""
    caller = view.caller(READ_SCOPE)
    if id_ is not None:
        found: Sequence[StoredSubmission] = [
            own_submission(view, caller.account.id, submission_id=id_)
        ]
    elif model_id is not None:
        model = view.own_model(caller, model_id)
        found = submissions.submissions_of(view.connection, model.id)
    else:
        models = accounts.models_of(view.connection, caller.account.id)
        found = [
            one for model in models for one in submissions.submissions_of(view.connection, model.id)
        ]
    return [submission_wire(view, one) for one in found]


def submission_wire(view: RequestView, one: StoredSubmission) -> Wire:
    """A submission as the API shows it."""
    return {
        "id": one.id,
        "filename": one.filename,
        "status": "accepted" if one.error_info is None else "refused",
        "errorInfo": one.error_info,
        "selected": one.selected,
        "submittedCount": one.submitted_count,
        "filteredCount": one.filtered_count,
        "round": lambda: round_wire(view, view.state.calendar.round(one.round_number)),
        "dataDatestamp": one.data_datestamp,
        "insertedAt": _time_shown(view, one),
        "sourcePlatform": one.source,
        "triggerId": one.trigger_id,
    }


def _time_shown(view: RequestView, one: StoredSubmission) -> datetime:
    """When a submission came; of one that was carried over, as the server is set."""
    if view.asked.queued_time is QueuedTime.UPLOAD:
        return as_uploaded(view.connection, one).submitted_at
    return one.submitted_at


def settled_wire(view: RequestView, submission_id: str) -> Wire:
    """A submission just made, with everything read now: its transaction ends before the answer."""
    one = submissions.submission(view.connection, submission_id)
    if one is None:
        raise not_found("Submission")
    wire = submission_wire(view, one)
    times = round_wire(view, view.state.calendar.round(one.round_number))
    wire["round"] = {name: value() if callable(value) else value for name, value in times.items()}
    return wire


def latest_submissions(
    view: RequestView, model_id: str, *, latest_n_rounds: int | None
) -> list[Wire]:
    """Where a model stands in its last rounds, newest first; and what it has queued."""
    count = 20 if latest_n_rounds is None else max(latest_n_rounds, 0)
    made = submissions.submissions_of(view.connection, model_id)
    counted = {one.round_number: one for one in made if one.selected}
    waiting = {one.queued_for: one for one in reversed(made) if one.queued_for}
    last = view.state.live_round
    numbers = range(last, max(last - count, view.state.calendar.first_round - 1), -1)
    rows = [_latest_wire(view, number, one=counted.get(number)) for number in numbers]
    if last + 1 in waiting:
        rows.insert(0, _latest_wire(view, last + 1, one=waiting[last + 1], status="queued"))
    return rows


def _latest_wire(
    view: RequestView, number: int, *, one: StoredSubmission | None, status: str | None = None
) -> Wire:
    times = view.state.calendar.round(number)
    known = "none" if one is None else "on-time" if one.on_time else "late"
    return {
        "status": status or known,
        "id": one.id if one else None,
        "filename": one.filename if one else None,
        "timestamp": _time_shown(view, one) if one else None,
        "roundNumber": number,
        "roundOpen": times.opens_at,
        "roundCloseStaking": times.closes_at,
        "roundClose": times.resolves_at,
    }
