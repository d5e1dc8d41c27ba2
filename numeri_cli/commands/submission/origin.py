"""For which round's data a submission was made: this one's, or an earlier one's carried over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from numeri_cli.api.client import Client
from numeri_cli.api.files.submitted import submitted_bytes
from numeri_cli.errors import NumeriError
from numeri_cli.ledger.entries import Attempt
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.records import LatestSubmission, Receipt, Round, Submission

# a late file waits for the next round alone; a week of daily rounds is more than enough
QUEUE_ROUNDS = 5
_LATE = ("late", "queued")
_DOUBTFUL = ("sending", "created")  # nobody heard whether it was in time


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What the server shows of one submission in a round's list; None where it does not say."""

    id: str
    filename: str | None
    time: datetime | None

    @classmethod
    def of_row(cls, row: LatestSubmission, *, known: Submission | None = None) -> Trace:
        """Make one of a row of the account's list; what the row lacks stands in the submission."""
        return cls(
            id=row.id or "",
            filename=row.filename or (known.filename if known else None),
            time=row.time or (known.inserted_at if known else None),
        )

    @classmethod
    def of_submission(cls, submission: Submission) -> Trace:
        """Make one of a row of a model's list."""
        return cls(id=submission.id, filename=submission.filename, time=submission.inserted_at)


class Origins:
    """Tells which submissions of a round were made for it.

    rows: of the account's own list, earlier rounds included
    Each question may raise LedgerDamaged and others of the ledger.
    """

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        *,
        tournament: str,
        round_: Round,
        rows: Sequence[LatestSubmission],
    ) -> None:
        self._client, self._ledger = client, ledger
        self._tournament, self._round, self._rows = tournament, round_, tuple(rows)

    def is_of_round(self, model: str, trace: Trace, *, others: Sequence[Submission] = ()) -> bool:
        """Whether nothing shows that it was made for an earlier round.

        A submission that this machine made for this round was. Any other was not where it came
        before the round opened, or has the id, the file name or the bytes of an earlier round's.
        Bytes are compared where a late or queued one may have been carried over; where they
        cannot be had, that stays unknown, and the answer is no.
        others: of the same model, as far as they are known, of any round
        """
        attempts = self._ledger.attempts(self._tournament, model=model)
        if self._is_ours(trace, attempts):
            return True
        if trace.time is not None and trace.time <= self._round.open_time:
            return False
        late = self._late(model, attempts)
        if _is_named(trace, [*self._earlier(model), *self._earlier_of(others)]):
            return False
        before = [one for one in attempts if one.round_number < self._round.number]
        made = [Trace(id=x.server_id or "", filename=x.filename, time=None) for x in before]
        if _is_named(trace, made):
            return False
        return not late or self._has_new_bytes(trace, late, before)

    def _is_ours(self, trace: Trace, attempts: Iterable[Attempt]) -> bool:
        return any(
            one.round_number == self._round.number and trace.id == one.server_id for one in attempts
        )

    def _earlier(self, model: str) -> list[Trace]:
        return [
            Trace.of_row(row)
            for row in self._rows
            if row.model == model and row.round_number < self._round.number and row.id
        ]

    def _earlier_of(self, others: Sequence[Submission]) -> list[Trace]:
        return [
            Trace.of_submission(one)
            for one in others
            if one.round_number is not None and one.round_number < self._round.number
        ]

    def _late(self, model: str, attempts: Iterable[Attempt]) -> list[str]:
        """Ids of what may have been carried over to this round; "" where an id is not known."""
        first = self._round.number - QUEUE_ROUNDS
        numbers = range(first, self._round.number)
        receipts: tuple[Receipt, ...] = self._ledger.receipts(self._tournament, model=model)
        timely = {one.server_id for one in receipts if one.timing not in _LATE}
        return [
            *(
                row.id or ""
                for row in self._rows
                if row.model == model and row.round_number in numbers and row.status in _LATE
            ),
            *(x.server_id for x in receipts if x.round_number in numbers and x.timing in _LATE),
            *(
                one.server_id or ""
                for one in attempts
                if one.round_number in numbers
                and one.state in _DOUBTFUL
                and one.server_id not in timely
            ),
        ]

    def _has_new_bytes(self, trace: Trace, late: Sequence[str], before: Sequence[Attempt]) -> bool:
        """Whether its bytes are none of the late ones'; False where they cannot be had."""
        kept = {one.server_id: one.prediction_digest for one in before}
        try:
            digest = self._digest(trace.id)
            if digest in {one.prediction_digest for one in before}:
                return False
            for one in dict.fromkeys(late):
                known = kept.get(one) if one else None
                if one and known is None:
                    known = self._digest(one)
                if known == digest:
                    return False
        except NumeriError:
            return False
        return True

    def _digest(self, submission_id: str) -> str:
        content = submitted_bytes(
            self._client.connector,
            self._client.submission_url(submission_id),
            submission_id=submission_id,
            at_most=self._client.tournament.predictions.maximum_bytes,
            deadline=self._client.deadline,
        )
        return hashlib.sha256(content).hexdigest()


def _is_named(trace: Trace, earlier: Iterable[Trace]) -> bool:
    """Whether its id or its file's name is one of these; the server may lengthen a name."""
    for one in earlier:
        if one.id and one.id == trace.id:
            return True
        if one.filename and trace.filename:
            stem = PurePath(one.filename).stem
            if one.filename == trace.filename or PurePath(trace.filename).stem.startswith(
                f"{stem}-"
            ):
                return True
    return False
