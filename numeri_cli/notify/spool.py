"""Messages that are not delivered yet, one small file each, so that none is lost silently."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from numeri_cli.errors import DiskError, NumeriError
from numeri_cli.files import is_running, write_text
from numeri_cli.locks import held_lock
from numeri_cli.notify.message import Message
from numeri_cli.published import Published

MOST_KEPT = 50
OLDEST = timedelta(days=7)
_SENDING_SECONDS = 60.0  # no process takes longer to deliver its own


@dataclass(frozen=True)
class Undelivered(Published):
    """A message on its way.

    channel: the key of the channel; process: the number of the one whose message it is
    """

    name: str
    channel: str
    message: Message
    process: int


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
        entry = Undelivered(name, channel, message, os.getpid())
        try:
            content = _READER.dump_json(entry).decode()
            write_text(self._folder / name, content, mode=0o600)
        except DiskError as error:
            self._warn(f"an undelivered message cannot be kept: {error.message}")
        for path in self._paths()[:-MOST_KEPT]:
            self._warn(f"an undelivered message is given up: there are more than {MOST_KEPT}")
            path.unlink(missing_ok=True)
        return entry

    def delivered(self, entry: Undelivered) -> None:
        """Keep it no longer."""
        with suppress(OSError):  # what cannot go is sent twice
            (self._folder / entry.name).unlink(missing_ok=True)

    @contextmanager
    def earlier(self) -> Iterator[list[Undelivered]]:
        """What earlier commands could not deliver, oldest first.

        Empty where another process is sending it; none other will while the block runs.
        What is older than OLDEST is given up.
        """
        with ExitStack() as stack:
            found: list[Undelivered] = []
            if self._paths():
                with suppress(NumeriError):  # another process is sending
                    lock = held_lock(self._folder / "sending.lock", what="a delivery")
                    stack.enter_context(lock)
                    found = self._earlier()
            yield found

    def _earlier(self) -> list[Undelivered]:
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


def _is_being_sent(entry: Undelivered, now: datetime) -> bool:
    """Whether it is the message of another process that is still at work."""
    recent = abs((now - entry.message.time).total_seconds()) < _SENDING_SECONDS
    return recent and entry.process != os.getpid() and is_running(str(entry.process))
