"""An uploaded file becomes a submission: copied, judged, written down."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from numeri_cli.files import disk_errors
from numeri_cli.practice.calendar import RoundTimes
from numeri_cli.practice.participants import accounts, submissions
from numeri_cli.practice.participants.check import check
from numeri_cli.practice.participants.refusals import round_closed
from numeri_cli.practice.participants.submissions import SubmissionOrigin, Upload
from numeri_cli.practice.rounds.state import read_state
from numeri_cli.practice.tournament import Tournament


def submit(
    tournament: Tournament,
    upload: Upload,
    *,
    model_id: str,
    times: RoundTimes,
    origin: SubmissionOrigin,
) -> str:
    """Take an uploaded file as a model's submission of a round; returns its id.

    Raises Refusal where the round has changed while the file was judged.
    """
    submission_id = accounts.new_id()
    copy = tournament.folders.submission(submission_id, upload.filename)
    keep_copy(tournament.folders.uploads / upload.filename, copy)
    verdict = check(copy, tournament.live_ids(times.number))
    with tournament.store.writing() as connection:
        state = read_state(connection)
        moment = tournament.time_of(state)
        if state.round_at(moment) != times:
            raise round_closed()
        submissions.record(
            connection,
            submission_id=submission_id,
            upload=upload,
            model_id=model_id,
            round_times=times,
            moment=moment,
            verdict=verdict,
            origin=origin,
        )
    return submission_id


def keep_copy(upload: Path, copy: Path) -> None:
    """A copy of the upload as it is now; a later PUT replaces the upload, never the copy."""
    with disk_errors(copy):
        copy.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # never uploaded: the check says so
            try:
                os.link(upload, copy)
            except PermissionError:  # a file system without hard links
                shutil.copyfile(upload, copy)
