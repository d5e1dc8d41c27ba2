"""The parts of a file that are already here: one sparse file, and a journal that says which."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.api.http.limits import Limits
from numeri_cli.files import write_text

Interval = tuple[int, int]  # from, up to but without


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two downloads the same file; without an ETag nothing can be resumed."""

    etag: str | None
    size: int | None

    @property
    def resumable(self) -> bool:
        """Whether parts of it fetched at different times surely belong together."""
        return self.size is not None and bool(self.etag) and not str(self.etag).startswith("W/")


@dataclass(slots=True, kw_only=True)
class Segment:
    """A run of bytes that one connection fetches; `end` None where the size is not known.

    position: up to where it has come
    claimed: up to where bytes are just being written
    divisible: whether another connection may take its further half, which lowers `end`
    """

    start: int
    position: int
    end: int | None
    claimed: int = 0
    divisible: bool = True

    @property
    def unclaimed(self) -> int:
        """Bytes still to come that another connection may take."""
        if self.end is None or not self.divisible:
            return 0
        return self.end - max(self.position, self.claimed)


class Parts:
    """Shared by several threads: each writes its own segment, the journal tells of all."""

    def __init__(
        self, destination: Path, *, identity: Identity, done: list[Interval], limits: Limits
    ) -> None:
        self.path, self._journal = _paths(destination)
        self.identity = identity
        self._limits = limits
        self._done = done
        self._active: list[Segment] = []
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._saved_at = time.monotonic()
        self._file = os.open(
            self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600
        )
        self.received = sum(end - start for start, end in done)

    @classmethod
    def begin(cls, destination: Path, *, identity: Identity, limits: Limits) -> Parts:
        """Nothing is here yet; what an earlier download left is dropped. Raises OSError."""
        _, journal = _paths(destination)
        outdated = journal.exists()
        discard(destination)
        parts = cls(destination, identity=identity, done=[], limits=limits)
        if outdated:  # after a loss of power it must not come back to tell of these bytes
            parts.save()
        return parts

    @classmethod
    def resume(cls, destination: Path, *, limits: Limits) -> Parts | None:
        """What an earlier download left, or None where it left nothing sound. Raises OSError."""
        path, journal = _paths(destination)
        if not path.exists() or not journal.exists():
            return None
        try:
            identity, done = _read(journal.read_text())
        except (ValueError, ArithmeticError, TypeError, KeyError, RecursionError):
            return None
        if not identity.resumable or identity.size is None:
            return None
        if done == [(0, identity.size)]:
            # all of it came, but it was not published: one byte is asked for again, to learn
            # whether the server still has the same file
            done = [(0, identity.size - 1)]
        have = path.stat().st_size
        done = [(start, end) for start, end in done if end <= have]
        return cls(destination, identity=identity, done=done, limits=limits)

    @property
    def shareable(self) -> int:
        """Bytes for another connection: that nobody fetches yet, or of a long run under way."""
        with self._lock:
            nobody = sum(end - start for start, end in self._gaps())
            return nobody + sum(segment.unclaimed for segment in self._long())

    def take(self, *, at_most: int | None = None) -> Segment | None:
        """The next run of missing bytes for a connection; None: no more.

        Alone it gets all of a gap. Beside others it gets less towards the end, so that all end
        together; where there is no gap, the further half of the longest run under way.
        at_most: its greatest length in bytes
        """
        with self._lock:
            gaps = self._gaps()
            if gaps:
                start, end = gaps[0]
                length = self._fair(gaps) if at_most is None else at_most
                segment = Segment(start=start, position=start, end=min(end, start + length))
            elif long := self._long():
                segment = _halved(max(long, key=lambda other: other.unclaimed))
            else:
                return None
            self._active.append(segment)
            return segment

    def take_all(self) -> Segment:
        """One run of everything, from the first byte."""
        segment = Segment(start=0, position=0, end=self.identity.size, divisible=False)
        with self._lock:
            self._active.append(segment)
        return segment

    def learn_size(self, segment: Segment) -> None:
        """The one segment of a file of unknown size has come to its end."""
        with self._lock:
            segment.end = segment.position
            self.identity = Identity(self.identity.etag, segment.position)

    def write(self, segment: Segment, content: bytes) -> None:
        """Put the next bytes of a segment where they belong, up to its end. Raises OSError."""
        view, position = memoryview(content), segment.position
        with self._lock:
            if segment.end is not None:
                view = view[: segment.end - position]
            segment.claimed = position + len(view)
        while view:
            count = os.pwrite(self._file, view, position)
            view, position = view[count:], position + count
        with self._lock:
            self.received += position - segment.position
            segment.position = position
        if time.monotonic() - self._saved_at > self._limits.journal_seconds:
            self.save()

    def release(self, segment: Segment) -> None:
        """A connection is done with a segment, whether it is complete or not."""
        with self._lock:
            self._active = [item for item in self._active if item is not segment]
            self._done = _merged([*self._done, (segment.start, segment.position)])

    def sync(self) -> None:
        """Have the disk take what was written. Raises OSError."""
        os.fdatasync(self._file) if hasattr(os, "fdatasync") else os.fsync(self._file)

    def save(self) -> None:
        """Write the journal; it never tells of bytes that the disk might not have. OSError."""
        if not self.identity.resumable or not self._saving.acquire(blocking=False):
            return
        try:
            with self._lock:
                intervals = [*self._done, *((s.start, s.position) for s in self._active)]
                done = _merged([pair for pair in intervals if pair[1] > pair[0]])
            self.sync()
            content = {"etag": self.identity.etag, "size": self.identity.size, "done": done}
            write_text(self._journal, json.dumps(content))
            self._saved_at = time.monotonic()
        finally:
            self._saving.release()

    def close(self) -> None:
        """Let go of the file; no thread may write any more."""
        os.close(self._file)

    def _fair(self, gaps: list[Interval]) -> int:
        """The length of the next run in the first gap."""
        (start, end), least = gaps[0], self._limits.segment_bytes
        if not self._active:
            return end - start
        sharing = min(self._limits.connections, len(self._active) + 1)
        missing = sum(end - start for start, end in gaps)
        length = max(least, missing // (2 * sharing))
        return length if end - start - length >= least // 2 else end - start

    def _long(self) -> list[Segment]:
        """The runs under way that are worth another connection."""
        return [item for item in self._active if item.unclaimed > self._limits.whole_below_bytes]

    def _gaps(self) -> list[Interval]:
        size = self.identity.size or 0
        taken = _merged([*self._done, *((s.start, s.end or size) for s in self._active)])
        edges = [0, *(edge for pair in taken for edge in pair), size]
        return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


def discard(destination: Path) -> None:
    """Forget what an unfinished download of this file left. Raises OSError."""
    part, journal = _paths(destination)
    orphans = destination.parent.glob(f".{journal.name}.*.part")  # of kills while it was written
    for path in (part, journal, *orphans):
        path.unlink(missing_ok=True)


def kept_bytes(destination: Path, *, identity: Identity) -> int:
    """How much of this very file an unfinished download left. Raises OSError."""
    path, journal = _paths(destination)
    if not path.exists() or not journal.exists():
        return 0
    try:
        kept, done = _read(journal.read_text())
    except (ValueError, ArithmeticError, TypeError, KeyError, RecursionError):
        return 0
    return sum(end - start for start, end in done) if kept == identity else 0


def _paths(destination: Path) -> tuple[Path, Path]:
    hidden = f".{destination.name}.part"
    return destination.with_name(hidden), destination.with_name(f"{hidden}.json")


def _halved(segment: Segment) -> Segment:
    """The further half of what is still to come of a segment, which loses it."""
    end = segment.end
    if end is None:
        raise AssertionError("a segment without an end has nothing to give")
    middle = end - segment.unclaimed // 2
    segment.end = middle
    return Segment(start=middle, position=middle, end=end)


def _merged(intervals: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(pair for pair in intervals if pair[1] > pair[0]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _read(journal: str) -> tuple[Identity, list[Interval]]:
    content = json.loads(journal)
    identity = Identity(etag=str(content["etag"]), size=int(content["size"]))
    done = _merged([(int(start), int(end)) for start, end in content["done"]])
    if identity.size is None or any(start < 0 or end > identity.size for start, end in done):
        raise ValueError("the journal tells of bytes outside of the file")
    return identity, done
