"""Submissions watched until each is settled and shown by the account: many in one question."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from numeri_cli.commands.submission.delivery import Destination, Sent
from numeri_cli.commands.submission.holdings import Holdings
from numeri_cli.errors import NumeriError, SubmissionRefused, SubmissionUnconfirmed
from numeri_cli.records import LatestSubmission, Receipt, Submission, Timing

PROBES = 3  # so many are asked for before it is known how long the server takes
FIRST_POLL_SECONDS = 1.0
GROWTH = 0.25  # of a submission's age: how long until the next look
CONFIRM_POLLS = 5  # so many of the client's poll_seconds for the account to show what was taken
LIST_SECONDS = 5.0  # between two looks at the account's list for what replaced a submission


@dataclass(frozen=True, kw_only=True)
class Settled:
    """The submission of a model that counts, and what the account says of it.

    receipt: of our own submission; None where another program's counts
    """

    model: str
    server_id: str
    timing: Timing
    receipt: Receipt | None = None


Verdict = Settled | NumeriError


@dataclass
class _Watched:
    """A submission whose end is not known yet; times in seconds of the monotonic clock."""

    sent: Sent
    next_at: float = 0.0
    accepted_at: float | None = None
    said: str = ""
    found: Submission | None = None

    @property
    def accepted(self) -> bool:
        """Whether the server has selected it."""
        return self.accepted_at is not None

    @property
    def age(self) -> float:
        """Seconds since it was sent."""
        return time.monotonic() - self.sent.since


def poll_pause(age_seconds: float, *, at_most_seconds: float) -> float:
    """Seconds until the next look at a submission: soon at first, then seldom."""
    return min(at_most_seconds, max(FIRST_POLL_SECONDS, GROWTH * age_seconds))


class SubmissionWatch:
    """Looks at many submissions in one question until each is settled.

    The first ones tell how long the server takes; the others are asked for once they are as old,
    so that many models do not use up the server's limit. `add` may be called by any thread; `run`
    and `run_until_closed` by one thread.
    """

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._limits = destination.client.limits
        self._lock = threading.Condition()
        self._open: dict[str, _Watched] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._closed = False
        self._settle_seconds: float | None = None
        self._listed_at = time.monotonic()

    def add(self, sent: Sent) -> None:
        """SubmissionWatch this one, too."""
        with self._lock:
            self._open[sent.server_id] = _Watched(sent)
            self._lock.notify_all()

    def close(self) -> None:
        """Nothing more will be added."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """By the submission's id, what is known so far."""
        with self._lock:
            return dict(self._verdicts)

    def run(self) -> None:
        """Look until nothing is open."""
        while (pause := self._pause()) is not None:
            time.sleep(pause)
            self._look()

    def run_until_closed(self) -> None:
        """Look at what is added until nothing is open and `close` was called."""
        while True:
            with self._lock:
                while not self._open and not self._closed:
                    self._lock.wait()
                if not self._open:
                    return
                pause = self._pause() or 0.0
                if pause > 0:
                    self._lock.wait(pause)
                    continue
            self._look()

    def wait_settled(self, seconds: float) -> bool:
        """Wait so long for nothing to be open; whether that came."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._open, timeout=seconds)

    def _pause(self) -> float | None:
        """Seconds until the next look; None where nothing is open."""
        with self._lock:
            if not self._open:
                return None
            times = [one.next_at for one in self._eligible()]
            if self._taken():
                times.append(self._list_at())
            return max(0.0, min(times) - time.monotonic())

    def _taken(self) -> list[_Watched]:
        """What was accepted, or may never be where it is late: the account's list must show it."""
        late = self._destination.late
        return [one for one in self._open.values() if one.accepted or late]

    def _list_at(self) -> float:
        """When to look at the list: soon once nothing is pending, else for several at a time."""
        pending = any(not one.accepted for one in self._open.values())
        if not pending or self._destination.late:
            return self._listed_at + min(FIRST_POLL_SECONDS, self._limits.poll_seconds)
        first = min(one.accepted_at or 0.0 for one in self._taken())
        return max(self._listed_at, first) + LIST_SECONDS

    def _eligible(self) -> list[_Watched]:
        """The oldest pending ones, and those as old as others were when they were settled."""
        pending = [one for one in self._open.values() if not one.accepted]
        oldest = sorted(pending, key=lambda one: one.sent.since)
        if self._settle_seconds is None:
            return oldest[:PROBES]
        for one in oldest[PROBES:]:
            # a look takes along what is due within the first pause: never before it is that old
            settled_at = one.sent.since + self._settle_seconds + FIRST_POLL_SECONDS
            one.next_at = max(one.next_at, settled_at)
        return oldest

    def _due(self) -> list[_Watched]:
        with self._lock:
            until = time.monotonic() + min(FIRST_POLL_SECONDS, self._limits.poll_seconds)
            return [one for one in self._eligible() if one.next_at <= until]

    def _look(self) -> None:
        """Ask once for all that are due, then at the account's list for what was accepted."""
        due = self._due()
        try:
            shown = self._destination.client.submissions_by_id([x.sent.server_id for x in due])
            for one in due:
                self._take(one, shown.get(one.sent.server_id))
            self._hold_against_list()
        except NumeriError as error:
            with self._lock:
                concerned = [one for one in self._open.values() if one in due or one.accepted]
            for one in concerned:
                self._fail(one, error)
        for one in due:
            pause = poll_pause(one.age, at_most_seconds=self._limits.poll_seconds)
            one.next_at = time.monotonic() + pause
            self._lose_patience(one)

    def _take(self, one: _Watched, found: Submission | None) -> None:
        """What the server says of one: accepted, refused, or nothing final."""
        if found is not None and found.refused:
            self._fail(
                one,
                SubmissionRefused(
                    f"the server refused the submission of {one.sent.model}: {found.error_info}",
                    hint="mend what it names and submit again; the round's window still counts",
                ),
            )
            return
        one.found = found
        if found is not None and found.accepted:
            one.accepted_at = time.monotonic()
            self._settle_seconds = min(self._settle_seconds or one.age, one.age)
            self._destination.listener.step("submission_settled")
            return
        word = found.status if found is not None else "not shown yet"
        if word != one.said:
            self._destination.listener.say(f"Waiting for the server: {word or 'no status yet'}")
            one.said = word

    def _lose_patience(self, one: _Watched) -> None:
        """Give up on what is pending for too long."""
        with self._lock:
            is_open = one.sent.server_id in self._open
        limits = self._limits
        if one.accepted or not is_open or one.age + limits.poll_seconds <= limits.settle_seconds:
            return
        self._fail(
            one,
            SubmissionUnconfirmed(
                f"the server has submission {one.sent.server_id} but has not settled it:"
                f" {one.said!r}",
                hint="`numeri status` asks again; a second `numeri submit` doubles nothing",
            ),
        )

    def _hold_against_list(self) -> None:
        """The account's own list must show what was accepted, or what counts in its place."""
        with self._lock:
            pending = [one for one in self._open.values() if not one.accepted]
            waited = [one for one in pending if one.age >= LIST_SECONDS]
            taken = self._taken()
        long_ago = time.monotonic() - LIST_SECONDS
        taken_long_ago = [x for x in taken if x.accepted_at and x.accepted_at <= long_ago]
        soon = bool(taken) and (not pending or self._destination.late)
        if not soon and not (self._listed_at <= long_ago and (taken_long_ago or waited)):
            return
        listed = self._destination.holdings()
        self._listed_at = time.monotonic()
        for one in {one.sent.server_id: one for one in [*taken, *waited]}.values():
            self._find(one, listed)

    def _find(self, one: _Watched, listed: Holdings) -> None:
        row = self._row(one, listed)
        if row is not None and (one.accepted or self._destination.late):
            self._succeed(one, row)
            return
        other = listed.rows.get(one.sent.model)
        if other is not None and other.id != one.sent.server_id and not self._destination.late:
            holding = listed.judged([one.sent.model]).get(one.sent.model)
            if holding is not None and holding.state == "accepted":
                self._leave_to(one, other)
                return
        if one.accepted_at is None:
            return
        if time.monotonic() - one.accepted_at >= CONFIRM_POLLS * self._limits.poll_seconds:
            self._fail(
                one,
                SubmissionUnconfirmed(
                    f"the server took submission {one.sent.server_id}, but the account does not"
                    " show it",
                    hint="`numeri status` asks again; another program may have submitted meanwhile",
                ),
            )

    def _row(self, one: _Watched, listed: Holdings) -> LatestSubmission | None:
        """Where the account's own list shows it; this round's line before a later one's."""
        filename = one.found.filename if one.found is not None else None
        rows = [
            row
            for row in listed.all_rows
            if row.model == one.sent.model
            and row.status != "none"
            and (row.id == one.sent.server_id or (filename and row.filename == filename))
        ]
        here = self._destination.round_.number
        return min(rows, key=lambda row: row.round_number != here, default=None)

    def _succeed(self, one: _Watched, row: LatestSubmission) -> None:
        sent, destination = one.sent, self._destination
        receipt = None
        if sent.attempt is not None:
            receipt = self._receipt(one, row)
            destination.ledger.accept(sent.attempt, receipt)
        destination.listener.step("submission_confirmed")
        self._end(
            one,
            Settled(model=sent.model, server_id=sent.server_id, timing=row.status, receipt=receipt),
        )

    def _receipt(self, one: _Watched, row: LatestSubmission) -> Receipt:
        sent, found = one.sent, one.found
        return Receipt(
            tournament=self._destination.tournament,
            round_number=(found.round_number if found else None) or self._destination.round_.number,
            model=sent.model,
            server_id=sent.server_id,
            filename=(found.filename if found else None) or row.filename or "",
            prediction_digest=sent.digest,
            rows=sent.rows,
            timing=row.status,
            time=(found.inserted_at if found else None)
            or row.time
            or self._destination.client.now(),
            selected=found is not None and found.selected,
        )

    def _leave_to(self, one: _Watched, row: LatestSubmission) -> None:
        """Another program's submission came later and counts; it is of this round's data, too."""
        words = f"submission {row.id} of another program came later and counts"
        self._destination.listener.say(f"{one.sent.model}: {words}; ours was {one.sent.server_id}")
        if one.sent.attempt is not None:
            self._destination.ledger.advance_attempt(
                one.sent.attempt, "failed", time=self._destination.client.now(), error=words
            )
        self._destination.listener.step("submission_confirmed")
        self._end(one, Settled(model=one.sent.model, server_id=row.id or "", timing=row.status))

    def _fail(self, one: _Watched, error: NumeriError) -> None:
        if one.sent.attempt is not None:
            refused = isinstance(error, SubmissionRefused)
            self._destination.ledger.advance_attempt(
                one.sent.attempt,
                "refused" if refused else "failed",
                time=self._destination.client.now(),
                error=error.message,
            )
        self._end(one, error)

    def _end(self, one: _Watched, verdict: Verdict) -> None:
        with self._lock:
            self._open.pop(one.sent.server_id, None)
            self._verdicts[one.sent.server_id] = verdict
            self._lock.notify_all()
