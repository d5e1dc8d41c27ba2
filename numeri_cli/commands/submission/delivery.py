"""One prediction file on its way to the server: looked for, uploaded, created, never doubled."""

from __future__ import annotations

import time
from collections.abc import Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from numeri_cli.api.answers import UploadAuthorization
from numeri_cli.api.client import Client
from numeri_cli.commands.round import require_open
from numeri_cli.commands.submission.check import CheckedPredictions
from numeri_cli.commands.submission.holdings import LISTED_ROUNDS, Holdings
from numeri_cli.commands.submission.origin import Origins, Trace
from numeri_cli.commands.submission.transfer import upload
from numeri_cli.errors import ApiRefused, HostedModel, NumeriError, SubmissionRefused
from numeri_cli.ledger.entries import Attempt
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.progress import Listener
from numeri_cli.records import ModelSlot, Round, Submission

# of a server's clock and ours, each told in whole seconds
_CLOCK_SLACK = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class Destination:
    """What all files that are sent into one round have in common.

    replace: what the server holds of this round is replaced; else it is looked for right before
        ours is created, and left where it is of this round's data
    few: a question for each model is affordable; else the account's list is asked
    """

    client: Client
    ledger: Ledger
    tournament: str
    round_: Round
    listener: Listener
    late: bool = False
    replace: bool = False
    few: bool = True

    def holdings(self) -> Holdings:
        """What the server lists for this round now. Raises what the client raises."""
        return Holdings.asked(
            self.client, self.ledger, tournament=self.tournament, round_=self.round_
        )


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A submission that the server has, and has perhaps not settled yet.

    attempt: our own try that made it; None where another program did
    digest, rows: of our own file; empty and 0 where it is another's
    since: seconds of the monotonic clock
    """

    model: str
    server_id: str
    attempt: int | None = None
    digest: str = ""
    rows: int = 0
    since: float = field(default_factory=time.monotonic)


def require_sendable(destination: Destination, model: ModelSlot) -> None:
    """Raise HostedModel, NoRoundOpen or RoundClosed where this model's file cannot be sent now."""
    if model.hosted:
        raise HostedModel(
            f"an uploaded model is assigned to {model.name}, so its submissions come from there",
            hint=f"`numeri hosted remove {model.name}` takes it off; or leave this model out of the"
            " profile",
        )
    require_open(destination.round_, destination.client.now(), late=destination.late)


@dataclass(frozen=True, kw_only=True)
class FileDelivery:
    """One prediction file on its way to the server, and every step of it into the ledger.

    What an interrupted call left at the server, for the same bytes, model and round, is taken up
    rather than doubled.
    """

    destination: Destination
    model: ModelSlot
    predictions: CheckedPredictions
    began: datetime  # by the server's clock
    _started: float = field(default_factory=time.monotonic)

    @property
    def _client(self) -> Client:
        return self.destination.client

    @property
    def _ledger(self) -> Ledger:
        return self.destination.ledger

    @property
    def _round(self) -> Round:
        return self.destination.round_

    def run(self) -> Sent:
        """Bring it to the server; what it becomes there is not waited for.

        Raises RoundClosed, NoRoundOpen, ApiRefused and what the client and upload raise.
        """
        attempt = self._ledger.begin_attempt(
            self.destination.tournament,
            round_number=self._round.number,
            model=self.model.name,
            digest=self.predictions.digest,
            time=self._now(),
        )
        late = self.destination.late
        try:
            window = nullcontext() if late else self._client.before(self._round.deadline)
            with window:
                return self._held(attempt) or self._send(attempt)
        except NumeriError as error:
            refused = isinstance(error, SubmissionRefused | ApiRefused)
            self._ledger.advance_attempt(
                attempt,
                "refused" if refused else "failed",
                time=self._now(),
                error=error.message,
            )
            raise

    def _now(self) -> datetime:
        return self.began + timedelta(seconds=time.monotonic() - self._started)

    def _own(self, attempt: int, server_id: str) -> Sent:
        return Sent(
            model=self.model.name,
            server_id=server_id,
            attempt=attempt,
            digest=self.predictions.digest,
            rows=self.predictions.rows,
        )

    def _held(self, attempt: int) -> Sent | None:
        """What the server has of an earlier try with the same bytes, unless it is refused or
        was replaced since."""
        earlier = self._ledger.attempts(
            self.destination.tournament,
            round_number=self._round.number,
            model=self.model.name,
            digest=self.predictions.digest,
        )
        names = {item.filename for item in earlier if item.filename is not None}
        found = self._find(names) if names else None
        while found is None and (left := self._doubt_seconds(earlier)) > 0:
            time.sleep(min(left, self._client.limits.poll_seconds))
            found = self._find(names)
        if found is None:
            return None
        self._ledger.advance_attempt(
            attempt, "created", time=self._now(), filename=found.filename, server_id=found.id
        )
        self.destination.listener.say("The server has this file already from an earlier try")
        return self._own(attempt, found.id)

    def _doubt_seconds(self, earlier: Sequence[Attempt]) -> float:
        """How long the server may still be at work on what a killed process sent to it."""
        if self._client.connector.in_process:
            return 0.0  # it was killed, too
        sent = [item.updated for item in earlier if item.state == "sending"]
        longest = timedelta(seconds=self._client.limits.read_seconds)
        return max([(time + longest - self._now()).total_seconds() for time in sent], default=0.0)

    def _find(self, names: Set[str]) -> Submission | None:
        known = self._client.submissions(self.model.id)
        chosen = next((item for item in known if item.accepted and self._is_here(item)), None)
        for item in known:
            replaced = chosen is not None and chosen.id != item.id and not _is_newer(item, chosen)
            if item.filename in names and self._is_here(item) and not item.refused and not replaced:
                return item
        return None

    def _is_here(self, submission: Submission) -> bool:
        return submission.round_number in (None, self._round.number)

    def _send(self, attempt: int) -> Sent:
        filename = self._upload(attempt)
        require_open(
            self._round, self._client.now(), late=self.destination.late
        )  # it may have taken long
        others, known = self._look()
        if others is not None:
            return self._left_to(others, attempt)
        self._ledger.advance_attempt(attempt, "sending", time=self._now(), filename=filename)
        found: list[Submission] = []

        def held() -> str | None:
            found[:] = self._made(filename, known=known)
            return found[0].id if found else None

        server_id = self._client.create_submission(
            filename,
            model_id=self.model.id,
            data_datestamp=self._round.data_datestamp,
            held=held,
        )
        if found and found[0].filename not in (None, filename):
            return self._left_to(server_id, attempt)
        self._ledger.advance_attempt(attempt, "created", time=self._now(), server_id=server_id)
        self.destination.listener.step("submission_created")
        return self._own(attempt, server_id)

    def _look(self) -> tuple[str | None, frozenset[str] | None]:
        """Another program's submission of this round's data, and all ids of the model's list.

        None for no such submission, and for a list that was not asked for.
        """
        if self.destination.replace or self.destination.late:
            return None, None
        if not self.destination.few:
            asked = self.destination.holdings()
            holding = asked.judged([self.model.name]).get(self.model.name)
            counts = holding is not None and holding.state in ("accepted", "pending")
            return (holding.id if holding and counts else None), None
        listed = self._client.submissions(self.model.id)
        known = frozenset(one.id for one in listed)
        here = self._made_for_round(self._taken_here(listed), listed)
        best = max(here, key=lambda one: (one.accepted, _seconds(one)), default=None)
        return (best.id if best else None), known

    def _taken_here(self, listed: Sequence[Submission]) -> list[Submission]:
        """Those in this round that are not refused."""
        return [one for one in listed if one.round_number == self._round.number and not one.refused]

    def _made_for_round(
        self, found: Sequence[Submission], listed: Sequence[Submission]
    ) -> list[Submission]:
        """Those that were not carried over; asks for the account's list where there are any.

        listed: all of the same model, of any round
        """
        if not found:
            return []
        origins = Origins(
            self._client,
            self._ledger,
            tournament=self.destination.tournament,
            round_=self._round,
            rows=self._client.latest_submissions(rounds=LISTED_ROUNDS),
        )
        name = self.model.name
        return [
            one
            for one in found
            if origins.is_of_round(name, Trace.of_submission(one), others=listed)
        ]

    def _made(self, filename: str, *, known: Set[str] | None) -> list[Submission]:
        """After a lost reply: ours by its name, else what this model has of this round since."""
        listed = self._client.submissions(self.model.id)
        ours = [one for one in listed if one.filename == filename]
        if ours:
            return [max(ours, key=_seconds)]
        if self.destination.replace or self.destination.late:
            return []
        here = self._taken_here(listed)
        if known is not None:
            fresh = [one for one in here if one.id not in known]
        else:
            since = (self.began - _CLOCK_SLACK).timestamp()
            # what was carried over at the opening may be as young as that
            young = [one for one in here if _seconds(one) >= since]
            fresh = self._made_for_round(young, listed)
        return sorted(fresh, key=_seconds)[-1:]

    def _left_to(self, server_id: str, attempt: int) -> Sent:
        """Somebody else's submission of this round is there; ours is not made."""
        words = f"another program's submission {server_id} is in the round already"
        self._ledger.advance_attempt(attempt, "failed", time=self._now(), error=words)
        self.destination.listener.say(f"{self.model.name}: {words}; ours is not sent")
        return Sent(model=self.model.name, server_id=server_id)

    def _upload(self, attempt: int) -> str:
        name = f"{self.model.name}{self.predictions.suffix}"

        def authorize() -> UploadAuthorization:
            found = self._client.upload_authorization(name, model_id=self.model.id)
            self._ledger.advance_attempt(
                attempt, "authorized", time=self._now(), filename=found.filename
            )
            self.destination.listener.step("upload_authorized")
            return found

        filename = upload(
            self._client,
            self.predictions.content,
            name=name,
            authorize=authorize,
            listener=self.destination.listener,
            headers=self._client.started_by.upload_headers,
        )
        self._ledger.advance_attempt(attempt, "uploaded", time=self._now())
        self.destination.listener.step("uploaded")
        return filename


def _seconds(one: Submission) -> float:
    return one.inserted_at.timestamp() if one.inserted_at else 0.0


def _is_newer(one: Submission, other: Submission) -> bool:
    if one.inserted_at is None or other.inserted_at is None:
        return False
    return one.inserted_at > other.inserted_at
