"""Standard output for the record alone, standard error that no work depends on.

What libraries and somebody's classes print, in Python or in C, is kept from standard output and
handed on line by line. It goes through a file rather than a pipe: a library that prints much while
it holds Python's lock would wait for ever for whoever reads the pipe.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TextIO

LOOK_SECONDS = 0.5
MOST_LINES = 1_000  # of one command; what a class says a million times helps nobody
LARGEST_FILE_BYTES = 16_000_000
LONGEST_LINE = 2_000

# one for one, so that tables stay in their columns
_ALIKE = {
    **dict.fromkeys("−–—─━╸╺", "-"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("‘’", "'"),
    "…": ".",
    "×": "x",
    "→": ">",
    "≠": "#",
    "·": ".",
    "│": "|",
    "≥": ">",
    "≤": "<",
    "±": "~",
}
_LIKENESS, _LIKENESS_OR_NUMBER = "numeri_likeness", "numeri_likeness_or_number"
_TALK = 2  # the descriptor of standard error

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
        sys.stdout = UnfailingStream(  # a class that prints must not fail for a full disk
            open(1, "wb", buffering=0, closefd=False),  # noqa: SIM115 - as long as this is open
            encoding="utf-8",
            errors="backslashreplace",
            write_through=True,
        )
        self._done = threading.Event()
        self._reader = threading.Thread(target=self._read_on, name="printed", daemon=True)
        with suppress(RuntimeError):  # no more threads can be started: it is read at the end
            self._reader.start()

    @property
    def descriptor(self) -> int | None:
        """Where the record goes, as the system knows it; None where that is no file of its own."""
        return None if self.stream is self._before else self._real

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Inside, standard output is itself again, for a protocol; nothing is heard meanwhile."""
        os.dup2(self._real, 1)
        try:
            yield
        finally:
            os.dup2(self._file.fileno(), 1)

    def close(self) -> None:
        """Give standard output back, once everything that was printed has been handed on."""
        _flush(sys.stdout)
        _flush(sys.__stdout__)  # a class may print there
        _flush_c_library()
        self._done.set()
        if self._reader.ident is not None:
            self._reader.join()
        self._look(whole=True)
        sys.stdout = self._before
        os.dup2(self._real, 1)
        if self.stream is not self._before:
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
        return UnfailingStream(
            os.fdopen(self._real, "wb"),
            encoding=before.encoding,
            errors=_LIKENESS if isinstance(before, UnfailingStream) else "replace",
        )

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


class UnfailingStream(io.TextIOWrapper):
    """A text stream that goes on where it cannot be written: words may be lost, work may not.

    trouble: the first error of the system; from then on everything is written to nowhere
    """

    trouble: OSError | None = None

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._lose(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        """Write to nowhere from now on, what is still in the buffer included."""
        self.trouble = self.trouble or error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
        super().flush()


def lost(stream: TextIO) -> OSError | None:
    """Why a stream could not be written; None where it could, or its reader has left."""
    trouble = stream.trouble if isinstance(stream, UnfailingStream) else None
    return None if isinstance(trouble, BrokenPipeError) else trouble


def prepare_standard_streams() -> None:
    """Make the three streams of this process usable, whatever it was started with.

    A closed one leads nowhere: a file that is opened later must not become standard output.
    A character that an encoding lacks is shown as one like it, else as "?" or by its number.
    """
    codecs.register_error(_LIKENESS, _likeness)
    codecs.register_error(_LIKENESS_OR_NUMBER, _likeness_or_number)
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = _unfailing(1, before=sys.stdout, errors=_LIKENESS)
    sys.stderr = _unfailing(2, before=sys.stderr, errors=_LIKENESS_OR_NUMBER)


def say_what_was_lost() -> None:
    """Say on standard error that help or a version could not be written, where that was so."""
    sys.stdout.flush()
    if trouble := lost(sys.stdout):
        sys.stderr.write(f"warning: {lost_words(trouble)}\n")


def lost_words(trouble: OSError) -> str:
    """That standard output could not be written, in words."""
    if trouble.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: standard output could not be written"
    return f"standard output could not be written: {trouble.strerror or trouble}"


def _unfailing(descriptor: int, *, before: TextIO | None, errors: str) -> UnfailingStream:
    """A stream of this descriptor in the encoding that it had."""
    return UnfailingStream(
        open(descriptor, "wb", closefd=False),
        encoding=before.encoding if before else "utf-8",
        errors=errors,
        line_buffering=descriptor == _TALK or bool(before and before.isatty()),
    )


def _likeness(error: UnicodeError) -> tuple[str, int]:
    """Another character for one that an encoding lacks, as a handler of such errors."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_ALIKE.get(letter, "?") for letter in lacking), error.end


def _likeness_or_number(error: UnicodeError) -> tuple[str, int]:
    """Another character for one that an encoding lacks, else its number, such as \\u4e2d."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    told = (
        _ALIKE.get(letter, letter.encode("ascii", "backslashreplace").decode())
        for letter in lacking
    )
    return "".join(told), error.end


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
