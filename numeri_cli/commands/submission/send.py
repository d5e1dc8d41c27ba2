"""Checked predictions → uploaded → settled → confirmed → Receipt."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from numeri_cli.api.answers import UploadAuthorization
from numeri_cli.api.client import Client
from numeri_cli.commands.round import require_open
from numeri_cli.commands.submission.check import CheckedPredictions
from numeri_cli.commands.submission.transfer import settle, upload
from numeri_cli.errors import (
    ApiRefused,
    HostedModel,
    NumeriError,
    RoundClosed,
    SubmissionRefused,
    SubmissionUnconfirmed,
)
from numeri_cli.ledger.entries import Attempt
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.progress import SILENT, Listener
from numeri_cli.records import LatestSubmission, ModelSlot, Receipt, Round, Submission, Timing

_CONFIRM_LOOKS = 6


def already_accepted(client: Client, round_: Round) -> Mapping[str, LatestSubmission]:
    """By model, what the server holds as accepted and on time for this round, whoever sent it."""
    found = {}
    for row in client.latest_submissions(rounds=2):
        if row.round_number != round_.number or row.status != "on-time" or row.id is None:
            continue
        held = client.submission(row.id)
        if held is None or not held.refused:
            found[row.model] = row
    return found


def submit(
    client: Client,
    ledger: Ledger,
    *,
    tournament: str,
    model: ModelSlot,
    round_: Round,
    predictions: CheckedPredictions,
    late: bool = False,
    dry_run: bool = False,
    listener: Listener = SILENT,
) -> Receipt | None:
    """Upload, submit, wait until it is settled, confirm; None where it is a dry run.

    What an interrupted call left at the server, for the same bytes, model and round, is taken up
    rather than doubled. Every step is in the ledger before and after it.
    Raises HostedModel, RoundClosed, NoRoundOpen, SubmissionRefused (the server's words),
    SubmissionUnconfirmed, and what the client and upload raise.
    """
    if model.hosted:
        raise HostedModel(
            f"an uploaded model is assigned to {model.name}, so its submissions come from there",
            hint="take it off on numer.ai, or leave this model out of the profile",
        )
    began = client.now()
    require_open(round_, began, late=late)
    listener.step("round_checked")
    if dry_run:
        return None
    receipt = _Delivery(
        client=client,
        ledger=ledger,
        tournament=tournament,
        model=model,
        round_=round_,
        predictions=predictions,
        late=late,
        listener=listener,
        began=began,
    ).run()
    if receipt.timing in ("late", "queued") and not late:
        raise RoundClosed(
            f"the submission of {model.name} reached round {round_.number} after its close:"
            f" the server calls it {receipt.timing}",
            hint="it is scored without stake; `numeri schedule` starts earlier the next time",
        )
    return receipt


@dataclass(frozen=True, kw_only=True)
class _Delivery:
    """One prediction file on its way to the server, and every step of it into the ledger."""

    client: Client
    ledger: Ledger
    tournament: str
    model: ModelSlot
    round_: Round
    predictions: CheckedPredictions
    late: bool
    listener: Listener
    began: datetime  # by the server's clock
    _started: float = field(default_factory=time.monotonic)

    def run(self) -> Receipt:
        attempt = self.ledger.begin_attempt(
            self.tournament,
            round_number=self.round_.number,
            model=self.model.name,
            digest=self.predictions.digest,
            time=self._now(),
        )
        try:
            window = nullcontext() if self.late else self.client.before(self.round_.deadline)
            with window:
                server_id = self._held(attempt) or self._send(attempt)
            submission = self._settled(server_id)
            self.listener.step("submission_settled")
            receipt = self._receipt(submission, self._timing(submission))
        except NumeriError as error:
            refused = isinstance(error, SubmissionRefused | ApiRefused)
            self.ledger.advance_attempt(
                attempt,
                "refused" if refused else "failed",
                time=self._now(),
                error=error.message,
            )
            raise
        self.ledger.accept(attempt, receipt)
        self.listener.step("submission_confirmed")
        return receipt

    def _now(self) -> datetime:
        return self.began + timedelta(seconds=time.monotonic() - self._started)

    def _held(self, attempt: int) -> str | None:
        """What the server has of an earlier try with the same bytes, unless it is refused or
        was replaced since."""
        earlier = self.ledger.attempts(
            self.tournament,
            round_number=self.round_.number,
            model=self.model.name,
            digest=self.predictions.digest,
        )
        names = {item.filename for item in earlier if item.filename is not None}
        found = self._find(names) if names else None
        while found is None and (left := self._doubt_seconds(earlier)) > 0:
            time.sleep(min(left, self.client.limits.poll_seconds))
            found = self._find(names)
        if found is None:
            return None
        self.ledger.advance_attempt(
            attempt, "created", time=self._now(), filename=found.filename, server_id=found.id
        )
        self.listener.say("The server has this file already from an earlier try")
        return found.id

    def _doubt_seconds(self, earlier: Sequence[Attempt]) -> float:
        """How long the server may still be at work on what a killed process sent to it."""
        if self.client.connector.in_process:
            return 0.0  # it was killed, too
        sent = [item.updated for item in earlier if item.state == "sending"]
        longest = timedelta(seconds=self.client.limits.read_seconds)
        return max([(time + longest - self._now()).total_seconds() for time in sent], default=0.0)

    def _find(self, names: Set[str]) -> Submission | None:
        known = self.client.submissions(self.model.id)
        chosen = next((item for item in known if item.accepted and self._is_here(item)), None)
        for item in known:
            replaced = chosen is not None and chosen.id != item.id and not _is_newer(item, chosen)
            if item.filename in names and self._is_here(item) and not item.refused and not replaced:
                return item
        return None

    def _is_here(self, submission: Submission) -> bool:
        return submission.round_number in (None, self.round_.number)

    def _send(self, attempt: int) -> str:
        filename = self._upload(attempt)
        require_open(self.round_, self.client.now(), late=self.late)  # it may have taken long
        self.ledger.advance_attempt(attempt, "sending", time=self._now(), filename=filename)
        server_id = self.client.create_submission(
            filename, model_id=self.model.id, data_datestamp=self.round_.data_datestamp
        )
        self.ledger.advance_attempt(attempt, "created", time=self._now(), server_id=server_id)
        self.listener.step("submission_created")
        return server_id

    def _upload(self, attempt: int) -> str:
        name = f"{self.model.name}{self.predictions.path.suffix}"

        def authorize() -> UploadAuthorization:
            found = self.client.upload_authorization(name, model_id=self.model.id)
            self.ledger.advance_attempt(
                attempt, "authorized", time=self._now(), filename=found.filename
            )
            self.listener.step("upload_authorized")
            return found

        filename = upload(
            self.client,
            self.predictions.content,
            name=name,
            authorize=authorize,
            listener=self.listener,
        )
        self.ledger.advance_attempt(attempt, "uploaded", time=self._now())
        self.listener.step("uploaded")
        return filename

    def _settled(self, server_id: str) -> Submission:
        """Wait until the server has taken or refused it."""

        def is_settled(found: Submission) -> bool:
            if found.refused:
                raise SubmissionRefused(
                    f"the server refused the submission of {self.model.name}: {found.error_info}",
                    hint="mend what it names and submit again; the round's window still counts",
                )
            return found.accepted or (self.late and self._row(found) is not None)

        last = settle(
            self.client,
            lambda: self.client.submission(server_id),
            is_settled=is_settled,
            listener=self.listener,
        )
        if last.found is None or not last.settled:
            raise SubmissionUnconfirmed(
                f"the server has submission {server_id} but has not settled it: {last.word!r}",
                hint="`numeri status` asks again; a second `numeri submit` doubles nothing",
            )
        return last.found

    def _row(self, submission: Submission) -> LatestSubmission | None:
        """Where the account's own list shows it; this round's line before a later one's."""
        rows = [
            row
            for row in self.client.latest_submissions(rounds=2)
            if row.model == self.model.name
            and row.status != "none"
            and (row.id == submission.id or (row.filename or "") == submission.filename)
        ]
        return min(rows, key=lambda row: row.round_number != self.round_.number, default=None)

    def _timing(self, submission: Submission) -> Timing:
        """The account's own list must show it; raises SubmissionUnconfirmed where it does not."""
        for look in range(_CONFIRM_LOOKS):
            if look:
                time.sleep(self.client.limits.poll_seconds)
            row = self._row(submission)
            if row is not None:
                return row.status
        raise SubmissionUnconfirmed(
            f"the server took submission {submission.id}, but the account does not show it",
            hint="`numeri status` asks again; another program may have submitted meanwhile",
        )

    def _receipt(self, submission: Submission, timing: Timing) -> Receipt:
        return Receipt(
            tournament=self.tournament,
            round_number=submission.round_number or self.round_.number,
            model=self.model.name,
            server_id=submission.id,
            filename=submission.filename or "",
            prediction_digest=self.predictions.digest,
            rows=self.predictions.rows,
            timing=timing,
            time=submission.inserted_at or self._now(),
            selected=submission.selected,
        )


def _is_newer(one: Submission, other: Submission) -> bool:
    if one.inserted_at is None or other.inserted_at is None:
        return False
    return one.inserted_at > other.inserted_at
