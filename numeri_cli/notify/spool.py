"""Messages that are not delivered yet, one small file each, so that none is lost silently."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from numeri_cli.errors import DiskError
from numeri_cli.files import is_running, write_text
from numeri_cli.notify.message import Message
from numeri_cli.published import Published

MOST_KEPT = 50
OLDEST = timedelta(days=7)
_SENDING_SECONDS = 60.0  # no process takes longer to deliver what it has


@dataclass(frozen=True)
class Undelivered(Published):
    """A message on its way.

    channel: the key of the channel; process: the number of the one that is sending it, else 0
    """

    name: str
    channel: str
    message: Message
    attempts: int = 0
    process: int = 0
    sent_at: datetime | None = None


_READER = TypeAdapter(Undelivered)


class Spool:
    """A folder of undelivered messages, of every process of this home.

    warn: told where a message cannot be kept, or is given up
    """

    def __init__(self, folder: Path, *, warn: Callable[[str], None]) -> None:
        self._folder, self._warn = folder, warn

    def add(self, channel: str, message: Message) -> Undelivered:
        """Keep a message before it is first sent; the oldest go where there are too many."""
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}.json"
        entry = Undelivered(name, channel, message)
        self.sending(entry)
        for path in self._paths()[:-MOST_KEPT]:
            self._warn(f"an undelivered message is given up: there are more than {MOST_KEPT}")
            path.unlink(missing_ok=True)
        return entry

    def sending(self, entry: Undelivered) -> None:
        """Note that this process is sending it, so that no other does meanwhile."""
        self._write(replace(entry, process=os.getpid(), sent_at=datetime.now(UTC)))

    def delivered(self, entry: Undelivered) -> None:
        """Keep it no longer."""
        with suppress(OSError):  # what cannot go is sent twice
            (self._folder / entry.name).unlink(missing_ok=True)

    def failed(self, entry: Undelivered) -> None:
        """Keep it for the next command that tells somebody, unless it is given up meanwhile."""
        if (self._folder / entry.name).exists():
            self._write(replace(entry, attempts=entry.attempts + 1, process=0))

    def waiting(self) -> list[Undelivered]:
        """What nobody is sending, oldest first; what is older than OLDEST is given up."""
        found, now = [], datetime.now(UTC)
        for path in self._paths():
            entry = self._read(path)
            if entry is None:
                continue
            if now - entry.message.time > OLDEST:
                self._warn(f"an undelivered message of {entry.message.time:%Y-%m-%d} is given up")
                self.delivered(entry)
            elif not _is_being_sent(entry, now):
                found.append(entry)
        return found

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.json"))

    def _read(self, path: Path) -> Undelivered | None:
        try:
            entry = _READER.validate_json(path.read_bytes())
        except FileNotFoundError:
            return None  # another process has delivered it
        except (OSError, ValidationError):
            self._warn("a file of an undelivered message is damaged and goes")
            with suppress(OSError):
                path.unlink()
            return None
        return replace(entry, name=path.name)

    def _write(self, entry: Undelivered) -> None:
        try:
            content = _READER.dump_json(entry).decode()
            write_text(self._folder / entry.name, content, mode=0o600)
        except DiskError as error:
            self._warn(f"an undelivered message cannot be kept: {error.message}")


def _is_being_sent(entry: Undelivered, now: datetime) -> bool:
    if not entry.process or entry.sent_at is None:
        return False
    recent = abs((now - entry.sent_at).total_seconds()) < _SENDING_SECONDS
    return recent and is_running(str(entry.process))
