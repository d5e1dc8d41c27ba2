"""Behind those who write a download: its digest, and the disk kept from falling far behind."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

from numeri_cli.api.parts import Parts

_PAUSE_SECONDS = 0.02
_BLOCK_BYTES = 1 << 18  # small enough to be hashed out of the processor's cache
_SYNC_BYTES = 32 << 20


class Follower:
    """Hashes what is here without a gap and has the disk take it, in two threads of its own.

    A second processor does both while the first one receives. `failure` is what ended a thread.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._digest = hashlib.sha256()
        self._block = memoryview(bytearray(_BLOCK_BYTES))
        self._hashed = self._synced = 0
        self._complete, self._stop = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Follow from now on."""
        for work in (self._hash_along, self._sync_along):
            thread = threading.Thread(target=self._work, args=(work,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def finish(self) -> str:
        """Everything has come: SHA-256 of the whole file in hex. Raises OSError."""
        self._complete.set()
        if self._threads:
            self._parts.sync()  # while the last bytes are hashed
            for thread in self._threads:
                thread.join()
        else:
            self._hash()
        if self.failure is not None:
            raise self.failure
        return self._digest.hexdigest()

    def stop(self) -> None:
        """Touch the file no more."""
        self._stop.set()
        self._complete.set()
        for thread in self._threads:
            thread.join()

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # for the thread that waits, which raises it
            self.failure = error

    def _hash_along(self) -> None:
        while not self._complete.wait(_PAUSE_SECONDS):
            self._hash()
        self._hash()

    def _sync_along(self) -> None:
        while not self._complete.wait(_PAUSE_SECONDS):
            received = self._parts.received
            if received - self._synced >= _SYNC_BYTES:
                self._parts.sync()
                self._synced = received

    def _hash(self) -> None:
        while not self._stop.is_set() and self._hashed < (end := self._parts.prefix()):
            while self._hashed < end and not self._stop.is_set():
                block = self._block[: end - self._hashed]
                count = self._parts.read_into(block, position=self._hashed)
                self._digest.update(block[:count])
                self._hashed += count
