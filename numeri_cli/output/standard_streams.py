"""Standard output for the record alone, standard error that no work depends on.

What libraries and somebody's classes print, in Python or in C, is kept from standard output and
handed on line by line. It goes through a file rather than a pipe: a library that prints much while
it holds Python's lock would wait for ever for whoever reads the pipe.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TextIO

LOOK_SECONDS = 0.5
MOST_LINES = 1_000  # of one command; what a class says a million times helps nobody
LARGEST_FILE_BYTES = 16_000_000
LONGEST_LINE = 2_000

Hear = Callable[[str], None]


class StandardOutput:
    """Standard output while a command works.

    stream: where the record goes, as long as this is open
    """

    def __init__(self, hear: Hear) -> None:
        """Take standard output over; hear: told each line that anybody else prints."""
        self._hear, self._heard = hear, 0
        self._before = sys.stdout
        _flush(self._before)
        self._real = os.dup(1)
        self.stream = self._record_stream()
        self._file = _scratch_file()
        self._place, self._rest = 0, b""
        os.dup2(self._file.fileno(), 1)
        sys.stdout = io.TextIOWrapper(
            open(1, "wb", buffering=0, closefd=False),  # noqa: SIM115 - as long as this is open
            encoding="utf-8",
            errors="backslashreplace",
            write_through=True,
        )
        self._done = threading.Event()
        self._reader = threading.Thread(target=self._read_on, name="printed", daemon=True)
        self._reader.start()

    @property
    def descriptor(self) -> int | None:
        """Where the record goes, as the system knows it; None where that is no file of its own."""
        return None if self.stream is self._before else self._real

    def close(self) -> None:
        """Give standard output back, once everything that was printed has been handed on."""
        _flush(sys.stdout)
        _flush(sys.__stdout__)  # a class may print there
        _flush_c_library()
        self._done.set()
        self._reader.join()
        self._look(whole=True)
        sys.stdout = self._before
        os.dup2(self._real, 1)
        if self.stream is not self._before:
            with suppress(OSError):  # said where the record was written
                self.stream.close()
        else:
            os.close(self._real)
        self._file.close()

    def _record_stream(self) -> TextIO:
        """Standard output as it was; a stream of its own where that is the process's own."""
        before = self._before
        try:
            is_own = before.fileno() == 1
        except (OSError, ValueError):
            is_own = False
        if not is_own:
            return before
        return os.fdopen(self._real, "w", encoding=before.encoding, errors="replace")

    def _read_on(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            self._look()

    def _look(self, *, whole: bool = False) -> None:
        """Hand on the lines that are new; whole: the last one even without its end."""
        descriptor = self._file.fileno()
        while content := os.pread(descriptor, 1 << 20, self._place):
            self._place += len(content)
            *lines, self._rest = (self._rest + content).replace(b"\r", b"\n").split(b"\n")
            self._rest = self._rest[-LONGEST_LINE:]
            for line in lines:
                self._hand_on(line)
        if self._place > LARGEST_FILE_BYTES:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            self._place = 0
        if whole:
            self._hand_on(self._rest)

    def _hand_on(self, line: bytes) -> None:
        text = line.decode(errors="replace").strip()
        if not text or self._heard > MOST_LINES:
            return
        self._heard += 1
        last = "and more, which is left out"
        self._hear(text[:LONGEST_LINE] if self._heard <= MOST_LINES else last)


class StandardError(io.TextIOWrapper):
    """Standard error that goes on where it cannot be written: talk may be lost, work may not."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError:
            self._lose()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            self._lose()

    def _lose(self) -> None:
        """Write to nowhere from now on, what is still in the buffer included."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
        super().flush()


def prepare_standard_streams() -> None:
    """Make the three streams of this process usable, whatever it was started with.

    A closed one leads nowhere: a file that is opened later must not become standard output.
    A character that an encoding lacks is shown as "?".
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    before = sys.stderr
    encoding = before.encoding if before else "utf-8"
    sys.stderr = StandardError(
        open(2, "wb", closefd=False),  # noqa: SIM115 - as long as the process
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=True,
    )


def _scratch_file() -> IO[bytes]:
    """A file without a name that is written at its end; one that leads nowhere on a full disk."""
    try:
        file: IO[bytes] = tempfile.TemporaryFile(mode="w+b", buffering=0)  # noqa: SIM115
    except OSError:
        return Path(os.devnull).open("r+b", buffering=0)
    import fcntl

    flags = fcntl.fcntl(file.fileno(), fcntl.F_GETFL)
    fcntl.fcntl(file.fileno(), fcntl.F_SETFL, flags | os.O_APPEND)
    return file


def _flush(stream: TextIO | None) -> None:
    with suppress(OSError, ValueError, AttributeError):
        if stream is not None:
            stream.flush()


def _flush_c_library() -> None:
    """What C libraries have printed may wait in a buffer of theirs."""
    if "numpy" not in sys.modules:  # no library of C was used
        return
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).fflush(None)
