"""One connection of a download: ask for bytes, check what comes, write it where it belongs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import httpx

from numeri_cli.api.files.content import most_bytes, most_untold_bytes
from numeri_cli.api.files.object_store import (
    Addresses,
    broken,
    identity_of,
    refusal,
)
from numeri_cli.api.files.parts import (
    Identity,
    Parts,
    Segment,
)
from numeri_cli.api.http.connection import (
    Broken,
    Connection,
    Request,
)
from numeri_cli.api.http.limits import Limits
from numeri_cli.api.http.retry import (
    Passing,
    retried,
)
from numeri_cli.errors import DiskFull, TransferCorrupt, TransferFailed, TransferStalled
from numeri_cli.files import free_bytes

_RESERVE_BYTES = 64_000_000  # what a body that does not tell its length leaves of a disk
_LOOK_BYTES = 8_000_000  # so often, while such a body comes, the disk is looked at
_PROGRESS_BYTES = 1_000_000  # what counts as progress when failed attempts are counted


class StartAgain(Exception):
    """What was fetched so far does not belong to what the store has now."""

    def __init__(self, *, without_ranges: bool = False) -> None:
        super().__init__()
        self.without_ranges = without_ranges


class Stopped(Exception):
    """Another connection has failed for good."""


class Unchanged(Exception):
    """The copy that is here is the store's."""

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self.identity = identity


class Fetch:
    """What the connections of one download share. `parts` is there once `learned` was called.

    known: what the copy at the destination is
    ranged: whether to ask for ranges at all
    learned: called once, by the first connection, when size and identity are known
    deadline: on the monotonic clock; nothing is tried again after it
    earlier_bytes: the size of this file when it was last here; None for never
    """

    def __init__(
        self,
        destination: Path,
        *,
        get_url: Callable[[], str],
        known: Identity | None,
        ranged: bool,
        limits: Limits,
        learned: Callable[[], None],
        deadline: float | None = None,
        earlier_bytes: int | None = None,
    ) -> None:
        self._earlier_bytes = earlier_bytes
        self._destination, self._name = destination, destination.name
        self._addresses = Addresses(get_url)
        self._known, self._ranged, self._limits = known, ranged, limits
        self._learned, self.is_learned = learned, False
        self._deadline = deadline
        self.stop = threading.Event()
        self.parts = Parts.resume(destination, limits=limits) if ranged else None

    def lead(self, connection: Connection, *, tick: Callable[[], None]) -> None:
        """Learn what the file is with the first request, then go on like the others."""
        first = None if self.parts is None else self.parts.take()
        self._fetch(connection, first, tick=tick)
        self.follow(connection, tick=tick)

    def follow(self, connection: Connection, *, tick: Callable[[], None]) -> None:
        """Fetch one missing run after the other until there is none."""
        while (segment := self._known_parts().take()) is not None:
            self._fetch(connection, segment, tick=tick)

    def _known_parts(self) -> Parts:
        if self.parts is None:
            raise AssertionError("the first answer makes the parts, or raises")
        return self.parts

    def _fetch(
        self, connection: Connection, segment: Segment | None, *, tick: Callable[[], None]
    ) -> None:
        held = segment

        def once() -> None:
            nonlocal held
            self._heed_stop()
            url = self._addresses.current()
            asked_end = None if held is None else held.end  # another connection may lower it
            try:
                with connection.open(self._request(url, held, asked_end=asked_end)) as response:
                    self._judge(response, url)
                    identity, (start, end) = identity_of(response, name=self._name)
                    held = self._learn(identity, held, end=end, status=response.status_code)
                    if start != held.position or (asked_end is not None and end > asked_end):
                        raise self._surplus()
                    self._pour(response, held, end=None if end < 0 else end, tick=tick)
            except Broken as trouble:
                self._heed_stop()
                raise broken(trouble, name=self._name) from trouble

        try:
            retried(
                once,
                limits=self._limits,
                deadline=self._deadline,
                progress=lambda: 0 if held is None else held.position // _PROGRESS_BYTES,
                rest=self.stop.wait,
            )
        finally:
            if held is not None:
                self._known_parts().release(held)

    def _heed_stop(self) -> None:
        if self.stop.is_set():
            raise Stopped

    def _request(self, url: str, held: Segment | None, *, asked_end: int | None) -> Request:
        headers = {"Accept-Encoding": "identity"}
        if self._ranged:
            start = 0 if held is None else held.position
            headers["Range"] = f"bytes={start}-{'' if asked_end is None else asked_end - 1}"
        if not self.is_learned and self._known is not None and self._known.etag:
            headers["If-None-Match"] = self._known.etag
        return Request(
            method="GET",
            url=url,
            headers=headers,
            idle_seconds=self._limits.no_progress_seconds,
        )

    def _judge(self, response: httpx.Response, url: str) -> None:
        status = response.status_code
        if status == HTTPStatus.FORBIDDEN:
            error = refusal(response, name=self._name)
            if self._addresses.renew(url):
                failed = TransferFailed(str(error), hint="run the same command again")
                raise Passing(failed, after_seconds=0.0)
            raise error
        if status == HTTPStatus.NOT_MODIFIED and self._known is not None and not self.is_learned:
            raise Unchanged(self._known)
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and self._ranged:
            raise StartAgain(without_ranges=self.parts is None)
        if status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise refusal(response, name=self._name)
        self._addresses.worked(url)

    def _learn(self, identity: Identity, held: Segment | None, *, end: int, status: int) -> Segment:
        """The segment that this answer fills.

        Raises StartAgain, Unchanged, DiskFull; TransferCorrupt for more than such a file has.
        """
        whole = status == HTTPStatus.OK
        if not self.is_learned and identity.resumable and identity == self._known:
            raise Unchanged(identity)
        if self.parts is not None and held is not None:
            if identity != self.parts.identity or (whole and self._ranged):
                raise StartAgain(without_ranges=whole)
        else:
            self._require_space(identity.size or 0)
            if (identity.size or 0) > most_bytes(self._name):
                raise self._too_large(identity.size or 0)
            many = end != identity.size or end > self._limits.whole_below_bytes
            if many and not whole and not identity.resumable:
                raise StartAgain(without_ranges=True)  # nothing tells whether ranges fit together
            self.parts = Parts.begin(self._destination, identity=identity, limits=self._limits)
            held = self.parts.take_all() if whole else self.parts.take(at_most=end)
            if held is None:
                raise self._surplus()
        if not self.is_learned:
            self._require_space((identity.size or 0) - self.parts.received)
            self.is_learned = True
            self._learned()
        return held

    def _require_space(self, needed_bytes: int) -> None:
        free = free_bytes(self._destination)
        if needed_bytes > free:
            raise DiskFull(
                f"{self._name} needs {needed_bytes:,} bytes more, and the disk of"
                f" {self._destination.parent} has {free:,}",
                hint="free some space and run the same command again; nothing was lost",
            )

    def _pour(
        self,
        response: httpx.Response,
        held: Segment,
        *,
        end: int | None,
        tick: Callable[[], None],
    ) -> None:
        parts = self._known_parts()
        window_began, window_position = time.monotonic(), held.position
        for chunk in response.iter_raw():
            self._heed_stop()
            if end is not None and held.position + len(chunk) > end:
                raise self._surplus()
            if end is None:
                self._bound(held.position, len(chunk))
            parts.write(held, chunk)
            tick()
            if held.end is not None and held.position == held.end != end:
                return  # the rest of this answer is another connection's
            elapsed = time.monotonic() - window_began
            if elapsed > self._limits.no_progress_seconds:
                moved = held.position - window_position
                if moved < self._limits.stall_bytes_per_second * elapsed:
                    raise Passing(
                        TransferStalled(
                            f"only {moved:,} bytes of {self._name} came in {elapsed:.0f} seconds",
                            hint="what has arrived is kept; run the same command again",
                        )
                    )
                window_began, window_position = time.monotonic(), held.position
        if end is None:
            parts.learn_size(held)
        elif held.position < (end if held.end is None else held.end):
            raise Passing(
                TransferFailed(
                    f"{self._name} ended too early",
                    hint="what has arrived is kept; run the same command again",
                )
            )

    def _bound(self, position: int, more: int) -> None:
        """Raise TransferCorrupt or DiskFull where a body without an end would be too much."""
        most = most_untold_bytes(self._name, earlier_bytes=self._earlier_bytes)
        if position + more > most:
            raise self._too_large(position + more)
        is_due = position // _LOOK_BYTES != (position + more) // _LOOK_BYTES or position == 0
        if is_due and free_bytes(self._destination) < _RESERVE_BYTES:
            raise DiskFull(
                f"the disk of {self._destination.parent} is nearly full, and {self._name} has not"
                f" ended after {position:,} bytes",
                hint="free some space and run the same command again; nothing was lost",
            )

    def _too_large(self, size: int) -> TransferCorrupt:
        return TransferCorrupt(
            f"the server sends {size:,} bytes or more for {self._name}, which no such file has",
            hint="it was thrown away; run the same command again later",
        )

    def _surplus(self) -> TransferCorrupt:
        return TransferCorrupt(
            f"the server sent other bytes of {self._name} than it was asked for",
            hint="what is sound is kept; run the same command again",
        )
