"""One pickle on its way to Numerai: looked for, put, created, never doubled.

The name under which it is put holds a part of its digest, so that an upload is known again from
the server alone; the ledger knows how far a killed call had come.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from numeri_cli.api.answers import UploadAuthorization
from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedPickle, HostedSlot
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.sources import UploadSource
from numeri_cli.commands.hosted.surroundings import Surroundings
from numeri_cli.commands.submission.transfer import upload as put
from numeri_cli.errors import ApiRefused, RateLimited
from numeri_cli.ledger.hosted_uploads import (
    SENT,
    HostedUploadEntry,
    UploadState,
    advance_upload,
    begin_upload,
    hosted_uploads,
)

LIMIT, LIMIT_WINDOW = 3, timedelta(minutes=30)  # of createComputePickleUpload, as published
LONGEST_WAIT_SECONDS = 2_400.0
PATIENCE_SECONDS = 30.0  # for troubles of one call; a longer pause that is asked for is said
_AGAIN_SECONDS = 60.0  # where the server names no time and nothing is known here
_LOOKS = 20  # for what the server may still be at work on
_DIGEST_LETTERS = 16
_ADDED = r"-[A-Za-z0-9]{12}\.pkl"  # what the server adds


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """A pickle that the server has; uploaded: this call has brought it there.

    entry: the ledger's row of it, None where only the server knows it
    """

    pickle_id: str
    uploaded: bool
    entry: int | None


@dataclass(frozen=True, kw_only=True)
class PickleDelivery:
    """A pickle for a slot, and every step of it into the ledger."""

    context: Context
    slot: HostedSlot
    source: UploadSource

    @property
    def digest(self) -> str:
        """SHA-256 of the pickle, in hex."""
        return self.source.digest

    @property
    def surroundings(self) -> Surroundings:
        """What it is to run in."""
        return self.source.surroundings

    def run(self) -> Delivered:
        """Bring it to the server; whether it is validated is not waited for.

        Raises RateLimited, ApiRefused and what the client and upload raise.
        """
        earlier = self._earlier()
        return self._held(earlier) or self._create(*self._uploaded(earlier))

    def _earlier(self) -> list[HostedUploadEntry]:
        """What the ledger knows of the same bytes in the same surroundings, newest first."""
        found = hosted_uploads(self.context.ledger, self.context.tournament, digest=self.digest)
        image, data = self.surroundings.image_id, self.surroundings.data_version_id
        return [one for one in found if (one.image, one.data_version) == (image, data)]

    def _held(self, earlier: Sequence[HostedUploadEntry]) -> Delivered | None:
        """What the server has of an earlier call, unless it was judged and found wanting."""
        found, limits = self._find(earlier), self.context.client.limits
        while found is None and (left := self._doubt_seconds(earlier)) > 0:
            time.sleep(min(left, max(limits.poll_seconds, limits.read_seconds / _LOOKS)))
            found = self._find(earlier)
        if found is None:
            return None
        entry = next((one for one in earlier if one.filename == found.filename), None)
        if entry is not None and entry.pickle_id is None:
            self._advance(entry.id, "created", pickle_id=found.id)
        self.context.listener.say("Numerai has this pickle already from an earlier upload")
        return Delivered(
            pickle_id=found.id, uploaded=False, entry=entry.id if entry is not None else None
        )

    def _find(self, earlier: Sequence[HostedUploadEntry]) -> HostedPickle | None:
        told = {one.filename for one in earlier if one.state == "refused"}
        names = {one.filename for one in earlier if one.state in SENT} - told
        pattern = re.compile(rf".*-{self.digest[:_DIGEST_LETTERS]}{_ADDED}")
        image, data = self.surroundings.image, self.surroundings.data_version
        for one in calls.pickles(self.context.client):
            if one.filename in told:
                continue
            known = one.filename in names  # a verdict that nobody has been told yet counts, too
            same = pattern.fullmatch(one.filename) and (one.image, one.data_version) == (
                image,
                data,
            )
            if known or (same and not one.refused):
                return one
        return None

    def _doubt_seconds(self, earlier: Sequence[HostedUploadEntry]) -> float:
        """How long the server may still be at work on what a killed process sent to it."""
        longest = self.context.client.limits.read_seconds
        if self.context.client.connector.in_process:
            return 0.0  # it was killed, too
        sent = [one.updated for one in earlier if one.state == "creating"]
        now = datetime.now(UTC)
        left = [longest - (now - moment).total_seconds() for moment in sent]
        return min(max(left, default=0.0), longest)

    def _uploaded(self, earlier: Sequence[HostedUploadEntry]) -> tuple[int, str, bool]:
        """Row and name of a file that the store has, and whether that was an earlier call's."""
        for one in earlier:
            if (
                one.state in ("uploaded", "creating")
                and one.filename
                and one.slot == self.slot.name
            ):
                return one.id, one.filename, True
        return *self._upload(), False

    def _upload(self) -> tuple[int, str]:
        context = self.context
        name = f"{self.slot.name}-{self.digest[:_DIGEST_LETTERS]}.pkl"
        rows: list[int] = []

        def authorize() -> UploadAuthorization:
            found = calls.upload_authorization(context.client, name, model_id=self.slot.id)
            row = begin_upload(
                context.kept_ledger,
                context.tournament,
                slot=self.slot.name,
                digest=self.digest,
                data_version=self.surroundings.data_version_id,
                image=self.surroundings.image_id,
                filename=found.filename,
                facts=self.source.facts,
                time=datetime.now(UTC),
            )
            rows.append(row)
            context.listener.step("hosted_authorized")
            return found

        filename = put(
            context.client,
            self.source.content,
            name=name,
            authorize=authorize,
            listener=context.listener,
        )
        self._advance(rows[-1], "uploaded")
        context.listener.step("hosted_uploaded")
        return rows[-1], filename

    def _create(self, row: int, filename: str, earlier: bool) -> Delivered:
        """Have the file taken as a model; where an earlier call's is gone, it is put once more."""
        try:
            pickle_id = self._created(row, filename)
        except ApiRefused as refused:
            if not earlier or "not found" not in refused.message.lower():
                raise
            row, filename = self._upload()
            pickle_id = self._created(row, filename)
        self._advance(row, "created", pickle_id=pickle_id)
        self.context.listener.step("hosted_created")
        return Delivered(pickle_id=pickle_id, uploaded=True, entry=row)

    def _created(self, row: int, filename: str) -> str:
        """The id of what the server makes of a file; waits for its limit, and says until when."""
        client, began = self.context.client, time.monotonic()
        while True:
            self._advance(row, "creating")
            self.context.listener.step("hosted_creating")
            try:
                with client.within(PATIENCE_SECONDS):
                    return calls.create(
                        client,
                        filename,
                        model_id=self.slot.id,
                        image_id=self.surroundings.image_id,
                        data_version_id=self.surroundings.data_version_id,
                    )
            except RateLimited as limited:
                self._advance(row, "uploaded")  # it was refused, so nothing was made
                wait = self._wait_seconds(limited)
                if time.monotonic() - began + wait > LONGEST_WAIT_SECONDS:
                    raise
                until = datetime.now(UTC) + timedelta(seconds=wait)
                self.context.listener.say(
                    f"Numerai takes {LIMIT} uploads in 30 minutes, and the limit is reached:"
                    f" waiting until {until:%H:%M:%S} UTC"
                )
                time.sleep(wait)

    def _wait_seconds(self, limited: RateLimited) -> float:
        """As the server says, else as the uploads that the ledger knows let one expect."""
        if limited.after_seconds is not None:
            return max(1.0, limited.after_seconds)
        rows = hosted_uploads(self.context.ledger, self.context.tournament)
        return seconds_until_allowed(rows, now=datetime.now(UTC))

    def _advance(self, row: int, state: UploadState, *, pickle_id: str | None = None) -> None:
        advance_upload(
            self.context.ledger,
            row,
            state,
            time=datetime.now(UTC),
            pickle_id=pickle_id,
        )


def seconds_until_allowed(rows: Sequence[HostedUploadEntry], *, now: datetime) -> float:
    """How long until the oldest of the uploads that fill the limit is out of its window.

    rows: newest first. An upload counts from its start, since `updated` moves with the verdict,
    which may come half an hour later. A minute where these rows do not fill the limit.
    """
    made = [one.started for one in rows if one.pickle_id and one.started > now - LIMIT_WINDOW]
    if len(made) < LIMIT:
        return _AGAIN_SECONDS
    return max(1.0, (made[LIMIT - 1] + LIMIT_WINDOW - now).total_seconds())
