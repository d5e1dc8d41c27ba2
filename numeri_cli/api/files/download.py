"""Files from a store to this disk: several verified ranges at a time, resumed after a kill."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.api.files.content import check_content, unreadable
from numeri_cli.api.files.fetch import (
    Fetch,
    StartAgain,
    Stopped,
    Unchanged,
)
from numeri_cli.api.files.parts import (
    Identity,
    Parts,
    discard,
)
from numeri_cli.api.http.connection import (
    Connection,
    Connector,
)
from numeri_cli.errors import (
    FileDamaged,
    NumeriError,
    TransferCorrupt,
    TransferFailed,
    TransferStalled,
)
from numeri_cli.files import disk_errors, publish
from numeri_cli.locks import held_lock
from numeri_cli.progress import SilentTask, Task

_TICK_SECONDS = 0.1
_FAREWELL_SECONDS = 2.0
_FETCHED_ANEW = 1  # so often a file that failed its check is fetched from its first byte


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file that is here, whole and synced; `unchanged`: the copy from before is the server's."""

    identity: Identity
    unchanged: bool


def _no_bar(_: int | None) -> Task:
    return SilentTask()


def _no_tick() -> None:
    """The watcher tells the bar."""


def _no_check(_: Path) -> None:
    """Nothing more to look at."""


def download(
    *,
    connector: Connector,
    get_url: Callable[[], str],
    destination: Path,
    known: Identity | None = None,
    bar: Callable[[int | None], Task] = _no_bar,
    check: Callable[[Path], None] = _no_check,
    deadline: float | None = None,
    earlier_bytes: int | None = None,
) -> FetchedFile:
    """Bring a file to `destination`; under that name it is there whole, or as it was before.

    get_url: gives a signed address; asked again once where the store refuses it
    known: what the copy at `destination` is; where the store has the same, no body is fetched
    bar: called with the bytes still to come (None: not known), gives the task to advance
    check: looks at the finished file before it gets its name; may raise to keep the old one.
        Whatever it raises, nothing of that file is kept; one that is damaged is fetched anew, once.
    deadline: on the monotonic clock; what is not here by then is given up as stalled, and what
        has come is kept for the next time. A server inside this process is not interrupted.
    earlier_bytes: the file's size when it was last here; a body that tells no length is bounded by
        it, by what files of such a name have, and by the free disk
    Raises TransferFailed, TransferStalled, TransferRefused, TransferCorrupt, DiskFull and others
    of DiskError, LockHeld where another process fetches the same file, and what get_url raises.
    """
    name = destination.name
    lock = destination.with_name(f".{name}.lock")
    with held_lock(lock, what=f"a download of {name}"), disk_errors(destination):
        ranged, unsound = True, 0
        for _ in range(connector.limits.restarts + 1):
            attempt = _Transfer(
                connector,
                destination,
                get_url=get_url,
                known=known if destination.exists() else None,
                ranged=ranged,
                bar=bar,
                deadline=deadline,
                earlier_bytes=earlier_bytes,
            )
            try:
                return attempt.run(check)
            except StartAgain as reason:
                ranged = ranged and not reason.without_ranges
            except _Unsound as failed:
                unsound += 1
                if unsound > _FETCHED_ANEW:
                    raise failed.error from failed
    raise TransferFailed(
        f"{name} kept changing while it was fetched", hint="run the same command again later"
    )


class _Unsound(Exception):
    """A file that came whole and is damaged all the same; `error` says how."""

    def __init__(self, error: NumeriError) -> None:
        super().__init__(error.message)
        self.error = error


class _Transfer:
    """One download. The caller's thread is the first connection's; inside a process the only one.

    While that one is fast no other is awake: to hand the interpreter to and fro costs more than
    the bytes do. After a moment a watcher wakes, tells the bar and calls for help where it is slow.
    """

    def __init__(
        self,
        connector: Connector,
        destination: Path,
        *,
        get_url: Callable[[], str],
        known: Identity | None,
        ranged: bool,
        bar: Callable[[int | None], Task],
        deadline: float | None,
        earlier_bytes: int | None,
    ) -> None:
        self._connector, self._destination, self._bar = connector, destination, bar
        self._deadline = deadline
        self._fetch = Fetch(
            destination,
            get_url=get_url,
            known=known,
            ranged=ranged,
            limits=connector.limits,
            learned=self._begin,
            deadline=deadline,
            earlier_bytes=earlier_bytes,
        )
        self._connections: list[Connection] = []
        self._threads: list[threading.Thread] = []
        self._lock, self._reporting = threading.Lock(), threading.Lock()
        self._wake, self._over = threading.Event(), threading.Event()
        self._running = 0
        self._failures: list[BaseException] = []
        self._keep = True  # what is here is worth going on from
        self._task: Task | None = None
        self._began = self._reported = 0
        self._began_at, self._wide = 0.0, False

    def run(self, check: Callable[[Path], None]) -> FetchedFile:
        """Fetch, verify, sync, publish."""
        try:
            if self._connector.in_process:
                self._fetch.lead(self._connect(), tick=self._report)
            else:
                self._fetch_all()
            return self._finish(check)
        except Unchanged as found:
            return FetchedFile(found.identity, unchanged=True)
        except (StartAgain, _Unsound):
            self._report(back=True)
            self._keep = False
            raise
        finally:
            self._close()

    def _begin(self) -> None:
        """The first answer told the size, and how much of it is here from an earlier time."""
        self._began = self._reported = self._parts().received
        self._began_at = time.monotonic()

    def _fetch_all(self) -> None:
        watcher = self._start(self._watch)
        with suppress(Stopped):  # the reason is with whoever failed first
            self._fetch.lead(self._connect(), tick=_no_tick)
        self._await_helpers()
        self._over.set()
        watcher.join()
        self._await_helpers()  # called by the watcher a moment ago; there is nothing left for them
        if self._failures:
            raise self._failures[0]

    def _await_helpers(self) -> None:
        while self._running and not self._fetch.stop.is_set():
            self._wake.wait(_TICK_SECONDS)
            self._wake.clear()

    def _watch(self) -> None:
        pause = self._connector.limits.alone_seconds
        while not self._over.wait(pause):
            pause = _TICK_SECONDS
            if self._fetch.stop.is_set():
                self._cut()  # once more: one may have been about to send
            elif self._deadline is not None and time.monotonic() >= self._deadline:
                self._fail(
                    TransferStalled(
                        f"{self._destination.name} has not come before the deadline",
                        hint="what has come is kept; the next run goes on from there",
                    )
                )
            elif self._fetch.is_learned:
                try:
                    self._widen()
                    self._report()
                except BaseException as error:  # for the caller's thread
                    self._fail(error)

    def _widen(self) -> None:
        """Let as many connections help as can be of use, unless one of them is fast enough."""
        elapsed = time.monotonic() - self._began_at
        parts, limits = self._parts(), self._connector.limits
        if self._wide or elapsed < limits.alone_seconds or not parts.identity.resumable:
            return
        if (parts.received - self._began) / elapsed >= limits.enough_bytes_per_second:
            return
        self._wide = True
        useful = -(-parts.shareable // limits.segment_bytes)
        for _ in range(min(limits.connections - 1, useful)):
            with self._lock:
                self._running += 1
            self._start(self._help)

    def _parts(self) -> Parts:
        if self._fetch.parts is None:
            raise AssertionError("the first answer makes the parts, or raises")
        return self._fetch.parts

    def _connect(self) -> Connection:
        connection = self._connector.connect(bulk=True)
        self._connections.append(connection)
        return connection

    def _start(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _help(self) -> None:
        try:
            self._fetch.follow(self._connect(), tick=_no_tick)
        except Stopped:
            pass  # the reason is with whoever failed first
        except BaseException as error:  # for the caller's thread
            self._fail(error)
        finally:
            with self._lock:
                self._running -= 1
            self._wake.set()

    def _fail(self, error: BaseException) -> None:
        """End all the others; the caller's thread raises the first reason."""
        self._failures.append(error)
        self._fetch.stop.set()
        self._cut()

    def _cut(self) -> None:
        for connection in tuple(self._connections):
            connection.cut()

    def _report(self, *, back: bool = False) -> None:
        if self._fetch.parts is None or not self._fetch.is_learned:
            return
        with self._reporting:
            if self._task is None:
                size = self._fetch.parts.identity.size
                self._task = self._bar(None if size is None else size - self._began)
            received = self._began if back else self._fetch.parts.received
            if received != self._reported:
                self._task.advance(received - self._reported)
                self._reported = received

    def _finish(self, check: Callable[[Path], None]) -> FetchedFile:
        parts = self._parts()
        self._report()
        parts.sync()
        self._keep = False
        self._require_sound(parts.path, check)
        self._keep = True
        publish(parts.path, self._destination)
        self._keep = False
        return FetchedFile(parts.identity, unchanged=False)

    def _require_sound(self, path: Path, check: Callable[[Path], None]) -> None:
        """Raises _Unsound for a damaged file, and what `check` has against a sound one."""
        name = self._destination.name
        try:
            check_content(path, name=name)
            check(path)
        except (TransferCorrupt, FileDamaged) as error:
            raise _Unsound(error) from error
        except NumeriError:
            raise
        except OSError as error:
            if error.errno is not None:
                raise  # the disk's own trouble
            raise _Unsound(unreadable(name)) from error
        except Exception as error:  # a reader's own, of bytes that it did not expect
            raise _Unsound(unreadable(name)) from error

    def _close(self) -> None:
        """Let no thread write any more; keep what has come for the next time, or drop it."""
        self._fetch.stop.set()
        self._over.set()
        self._cut()
        until = time.monotonic() + _FAREWELL_SECONDS
        for thread in tuple(self._threads):
            thread.join(timeout=max(0.0, until - time.monotonic()))
        for connection in tuple(self._connections):
            connection.close()
        parts = self._fetch.parts
        if parts is not None:
            # without an identity the next time could not go on from it
            self._keep = self._keep and parts.identity.resumable
            with suppress(OSError):  # a full disk; the journal of a moment ago is still true
                if self._keep:
                    parts.save()
            # one that still connects or pauses will stop before it writes; its file stays open
            if not any(thread.is_alive() for thread in self._threads):
                parts.close()
        if not self._keep:
            discard(self._destination)
