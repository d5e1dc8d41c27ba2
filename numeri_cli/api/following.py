"""Behind those who write a download: the disk kept from falling far behind."""

from __future__ import annotations

import threading

from numeri_cli.api.parts import Parts

_PAUSE_SECONDS = 0.02
_SYNC_BYTES = 32 << 20


class Follower:
    """Has the disk take what came, in a thread of its own; `failure` is what ended it.

    The digest is left to whoever reads the file first: it would take as long as a fast download.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._synced = 0
        self._complete = threading.Event()
        self._thread: threading.Thread | None = None
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Follow from now on."""
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Everything has come: have the disk take the rest. Raises OSError."""
        self.stop()
        if self.failure is not None:
            raise self.failure
        self._parts.sync()

    def stop(self) -> None:
        """Touch the file no more."""
        self._complete.set()
        if self._thread is not None:
            self._thread.join()

    def _follow(self) -> None:
        try:
            while not self._complete.wait(_PAUSE_SECONDS):
                received = self._parts.received
                if received - self._synced >= _SYNC_BYTES:
                    self._parts.sync()
                    self._synced = received
        except BaseException as error:  # for the thread that waits, which raises it
            self.failure = error
