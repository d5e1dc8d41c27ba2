"""What this machine did, one line of JSON for each event; and the mask that hides secrets.

The lines are in numeri.jsonl. At LIMIT_BYTES it becomes numeri.1.jsonl, the file of that name
numeri.2.jsonl, and so on; KEPT files are kept in all. Every process appends each line with one
write, under a lock of the file, so lines of runs at the same time never mix and none comes late.
Where the log cannot be written, the work goes on without it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from numeri_cli.inert_text import inert
from numeri_cli.locks import wait_for_lock
from numeri_cli.progress import Listener, Task
from numeri_cli.published import Published

LIMIT_BYTES, KEPT = 2_000_000, 5
LONGEST_WORDS = 2_000
LOCK_SECONDS = 1.0
HIDDEN = "***"
Level = Literal["info", "warning", "error"]

_SHORTEST_SECRET = 8  # what is shorter stands in ordinary words by chance
_TELLING_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|^NUMERAI_", re.IGNORECASE)
_WEBHOOKS = r"hooks\.slack\.com|discord(?:app)?\.com/api/webhooks|hc-ping\.com|ntfy\.sh"
_NAMES = r"signature|secret|password|token|api[_-]?key|credential"
_PATTERNS = tuple(
    (re.compile(pattern), rf"\g<1>{HIDDEN}")
    for pattern in (
        r"(?i)(\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+",
        r"(\bToken\s+)[^\s\"',;]*\$[^\s\"',;]+",
        r"(\b(?:Bearer|Basic)\s+)[A-Za-z0-9+/=._~-]{16,}",
        r"(\w://)[^/\s@\"'<>]+(?=@)",
        r"(\w://[^\s?\"'<>]*\?)[^\s\"'<>]+",
        rf"((?:{_WEBHOOKS})/)[^\s\"'<>]+",
        rf"(?i)((?:{_NAMES})[\w-]{{0,40}}[\"']?\s*[:=]\s*[\"']?)[^\s\"'&,;}}]+",
        r"()\b[A-Z0-9]{16,}\$[^\s\"',;]+",
        r"()\b[A-Z0-9]{40,}\b",  # keys are of capitals and digits; digests are in small letters
    )
)


class Mask:
    """Hides secrets in words: those it knows, and whatever looks like one.

    Known secrets are also found quoted for an address, in JSON, in base64 and cut off at the end.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._sought: re.Pattern[str] | None = None
        for secret in known:
            self.know(secret)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Mask:
        """A mask that knows what telling variables hold, and names and passwords of proxies."""
        found: list[str] = []
        for name, value in environment.items():
            if _TELLING_NAME.search(name) and not value.startswith("/"):
                found += [value, *value.removeprefix("Token ").split("$")]
        mask = cls(found)
        for name, value in environment.items():
            for secret in _proxy_secrets(value) if name.lower().endswith("_proxy") else ():
                mask.know(secret, shortest=5)
        return mask

    def know(self, secret: str, *, shortest: int = _SHORTEST_SECRET) -> None:
        """Hide this from now on; what has fewer characters than `shortest` is left alone."""
        if len(secret) < shortest or secret in self._known:
            return
        self._known.add(secret)
        forms = {form for one in self._known for form in _forms(one)}
        self._sought = re.compile("|".join(sorted(forms, key=len, reverse=True)))

    def text(self, words: str) -> str:
        """The words with *** for every secret."""
        if self._sought is not None:
            words = self._sought.sub(HIDDEN, words)
        for pattern, shown in _PATTERNS:
            words = pattern.sub(shown, words)
        return words

    def plain(self, value: Any) -> Any:
        """What JSON can hold, with each of its texts masked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(item) for item in value]
        return value


def _forms(secret: str) -> Iterator[str]:
    """Patterns of the ways in which a secret may be written down."""
    from base64 import b64encode
    from urllib.parse import quote

    written = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}
    for shift in range(3):  # within something longer, which may begin at any of three places
        written.add(b64encode(b"x" * shift + secret.encode()).decode()[4:-4])
    for form in written:
        if len(form) >= 2 * _SHORTEST_SECRET:  # its first half gives it away
            yield re.escape(form[: max(len(form) // 2, _SHORTEST_SECRET)]) + r"[^\s\"'&<>,;]*"
        elif len(form) >= min(len(secret), _SHORTEST_SECRET):
            yield re.escape(form)


def _proxy_secrets(address: str) -> Iterator[str]:
    """Name and password of a proxy's address, as written and as meant."""
    from urllib.parse import unquote

    written = re.sub(r"^\W?\w+://", "", address.rpartition("@")[0])
    for form in (written, unquote(written)):
        yield from (form, form.partition(":")[2])


@dataclass(frozen=True)
class LogLine(Published):
    """One event of one run.

    run: the time at which the command began and a random word
    seconds: since the command began
    process: the number of the process, at the beginning alone; exit_code: at the end alone
    """

    time: datetime
    run: str
    command: str
    event: str
    seconds: float
    level: Level
    words: str
    process: int | None = None
    exit_code: int | None = None

    @classmethod
    def read(cls, line: bytes) -> LogLine | None:
        """The event that a line of the file holds; None where it holds none."""
        try:
            found = json.loads(line)
            known = {name: found[name] for name in cls.__dataclass_fields__ if name in found}
            moment = datetime.fromisoformat(known.pop("time"))
            return cls(time=moment.astimezone(UTC), **known)
        except (ValueError, OverflowError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def written(self) -> bytes:
        """The line of the file, in ASCII, so that no control character stands in it."""
        content: dict[str, Any] = {
            name: value for name, value in vars(self).items() if value is not None
        }
        content["time"] = self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps(content).encode() + b"\n"


class Log:
    """Writes the events of one run; never raises.

    folder: None where nothing is to be written
    trouble: told once, in a few words, where the log cannot be written
    run: the name of a run that goes on in another process; a new one by default
    seconds: since that one began
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        command: str,
        mask: Mask,
        trouble: Callable[[str], None],
        limit_bytes: int = LIMIT_BYTES,
        run: str | None = None,
        seconds: float = 0.0,
    ) -> None:
        self.mask, self.command = mask, command
        now = datetime.now(UTC)
        self.run = run or f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self._folder, self._limit_bytes = folder, limit_bytes
        self._trouble: Callable[[str], None] | None = trouble
        self._started = time.monotonic() - seconds
        self._failing = threading.Lock()

    @property
    def seconds(self) -> float:
        """Since the command began."""
        return time.monotonic() - self._started

    def begin(self, words: str) -> None:
        """The command began; words: what was typed."""
        self._write(replace(self._line("begin", words, level="info"), process=os.getpid()))

    def write(self, event: str, words: str, *, level: Level = "info") -> None:
        """Something happened."""
        self._write(self._line(event, words, level=level))

    def end(self, exit_code: int, words: str = "") -> None:
        """The command ended; words: its error, where there was one."""
        level: Level = "error" if exit_code else "info"
        self._write(replace(self._line("end", words, level=level), exit_code=int(exit_code)))

    def _line(self, event: str, words: str, *, level: Level) -> LogLine:
        return LogLine(
            time=datetime.now(UTC),
            run=self.run,
            command=self.command,
            event=event,
            seconds=round(self.seconds, 3),
            level=level,
            words=inert(self.mask.text(words[: 10 * LONGEST_WORDS])[:LONGEST_WORDS]),
        )

    def _write(self, line: LogLine) -> None:
        if self._folder is None:
            return
        try:
            self._append(self._folder, line.written())
        except OSError as error:
            with self._failing:
                told, self._trouble = self._trouble, None
            if told is not None:
                told(f"the log cannot be written: {error.strerror or error}")

    def _append(self, folder: Path, content: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = current_file(folder)
        while True:
            descriptor = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
            try:
                wait_for_lock(descriptor, seconds=LOCK_SECONDS, look_seconds=0.001)
                if not _is_at(path, descriptor):
                    continue  # another process has rotated meanwhile
                size = os.fstat(descriptor).st_size
                if size and size + len(content) > self._limit_bytes and _rotated(folder):
                    continue
                _write_whole(descriptor, content)
                return
            finally:
                os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _rotated(folder: Path) -> bool:
    """Give each file the next number; False where that cannot be done."""
    try:
        for number in range(KEPT - 1, 0, -1):
            newer = _numbered(folder, number - 1)
            if newer.exists():
                newer.replace(_numbered(folder, number))
    except OSError:
        return False
    return True


def _write_whole(descriptor: int, content: bytes) -> None:
    done = os.write(descriptor, content)
    if done < len(content):  # the disk is full, and half a line would spoil the next
        os.ftruncate(descriptor, os.fstat(descriptor).st_size - done)
        raise OSError("no space is left for a whole line")


class LoggedListener:
    """Hears for another listener, and writes what it hears to the log."""

    def __init__(self, listener: Listener, log: Log) -> None:
        self._listener, self._log = listener, log

    @contextmanager
    def task(self, label: str, *, total: float | None, unit: str) -> Iterator[Task]:
        """Open the other's bar; a line when it has ended says how long it took."""
        started = time.monotonic()
        with self._listener.task(label, total=total, unit=unit) as task:
            yield task
        self._log.write("task", f"{label}: {time.monotonic() - started:.1f} s")

    def step(self, name: str) -> None:
        """Tell the other, and write it down."""
        self._log.write("step", name)
        self._listener.step(name)

    def say(self, text: str) -> None:
        """Tell the other, and write it down."""
        self._log.write("say", text)
        self._listener.say(text)


def current_file(folder: Path) -> Path:
    """The file that is written to."""
    return _numbered(folder, 0)


def _numbered(folder: Path, number: int) -> Path:
    return folder / (f"numeri.{number}.jsonl" if number else "numeri.jsonl")


def read_log(folder: Path) -> Iterator[LogLine]:
    """Every event that is kept, oldest first; lines that hold none are passed over."""
    with ExitStack() as opened:
        # newest first: a file that is renamed meanwhile is met twice, but never missed
        files: dict[int, IO[bytes]] = {}
        for number in range(KEPT):
            with suppress(OSError):
                file: IO[bytes] = opened.enter_context(_numbered(folder, number).open("rb"))
                files.setdefault(os.fstat(file.fileno()).st_ino, file)
        for file in reversed(files.values()):
            for raw in file:
                if line := LogLine.read(raw):
                    yield line


class Follower:
    """Hands out the events that were written since the last look, past any rotation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[IO[bytes]] = []  # oldest first; after a look the newest alone
        for file in self._newer():
            file.seek(0, os.SEEK_END)
            self._files.append(file)

    def look(self) -> list[LogLine]:
        """What is new, oldest first; empty where nothing is."""
        newer = self._newer()
        self._files += newer
        found = [line for file in self._files for line in _whole_lines(file)]
        for file in self._files[:-1]:
            file.close()
        del self._files[:-1]
        return found

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    def _newer(self) -> list[IO[bytes]]:
        """Files that came after the newest that is open, oldest first."""
        newest = os.fstat(self._files[-1].fileno()).st_ino if self._files else None
        found: dict[int, IO[bytes]] = {}
        for number in range(KEPT):
            with suppress(OSError):
                file: IO[bytes] = _numbered(self._folder, number).open("rb")
                place = os.fstat(file.fileno()).st_ino
                if place == newest:
                    file.close()
                    break
                # one that is renamed between two looks is met twice
                if found.setdefault(place, file) is not file:
                    file.close()
        return list(found.values())[::-1]


def _whole_lines(file: IO[bytes]) -> Iterator[LogLine]:
    """Events up to the end of the file; a line without its end is left for the next look."""
    while True:
        place = file.tell()
        raw = file.readline()
        if not raw.endswith(b"\n"):
            file.seek(place)
            return
        if line := LogLine.read(raw):
            yield line
