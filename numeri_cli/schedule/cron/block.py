"""Our marked block in a crontab's bytes: put in, changed, taken out; nothing else moves.

    # >>> numeri 0a1b2c3d >>>
    ...
    # <<< numeri 0a1b2c3d <<<

The opening marker remembers what putting the block in cost besides: "+newline" where the line
before had none at its end, "+crontab" where there was no crontab at all. A block goes to the end,
or above a line that would change how cron reads it.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from numeri_cli.errors import ScheduleError

_OPENING = re.compile(rb"# >>> numeri ([0-9a-f]{8})((?: \+[a-z]+)*) >>>\r?\n?")
_CLOSING = re.compile(rb"# <<< numeri ([0-9a-f]{8}) <<<\r?\n?")
_NEWLINE, _CRONTAB = b" +newline", b" +crontab"

# In some crons CRON_TZ sets the clock of the lines below it; SHELL sets who reads them.
_ASSIGNMENT = re.compile(rb"""[ \t]*["']?(CRON_TZ|SHELL)["']?[ \t]*=[ \t]*["']?([^\s"']*)""")
_KNOWN_SHELLS = {b"sh", b"ash", b"bash", b"dash", b"ksh", b"mksh", b"zsh"}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a block stands: lines start to end, the latter not included."""

    start: int
    end: int
    flags: bytes


def find_block(content: bytes | None, *, identity: str) -> bytes | None:
    """What stands between the markers, or None. Raises ScheduleError where one is missing."""
    lines = _lines(content)
    place = _locate(lines, identity.encode())
    return b"".join(lines[place.start + 1 : place.end - 1]) if place else None


def insert_block(content: bytes | None, *, identity: str, body: bytes) -> bytes:
    """The crontab with the block in it; one that is already there changes where it stands.

    content: None where there is no crontab; body: whole lines
    Raises ScheduleError where half a block of this identity stands there.
    """
    key = identity.encode()
    lines = _lines(content)
    place = _locate(lines, key)
    if place:
        if not any(_changes_reading(line) for line in lines[: place.start]):
            lines[place.start : place.end] = [_block(key, place.flags, body)]
            return b"".join(lines)
        content = remove_block(content, identity=identity)
        lines = _lines(content)
    flags = _CRONTAB if content is None else b""
    position = next((i for i, line in enumerate(lines) if _changes_reading(line)), len(lines))
    if position and not lines[position - 1].endswith(b"\n"):
        lines[position - 1] += b"\n"
        flags += _NEWLINE
    lines.insert(position, _block(key, flags, body))
    return b"".join(lines)


def remove_block(content: bytes | None, *, identity: str) -> bytes | None:
    """The crontab as it would be had the block never been put in; None for no crontab at all.

    Raises ScheduleError where half a block of this identity stands there.
    """
    lines = _lines(content)
    place = _locate(lines, identity.encode())
    if place is None:
        return content
    del lines[place.start : place.end]
    if _NEWLINE in place.flags:
        if place.start < len(lines):
            _hand_on(lines, place.start, _NEWLINE)
        elif lines:
            lines[-1] = lines[-1].removesuffix(b"\n")
    if _CRONTAB in place.flags:
        if not any(lines):
            return None
        for position, line in enumerate(lines):
            if _OPENING.fullmatch(line):
                _hand_on(lines, position, _CRONTAB)
                break
    return b"".join(lines)


def _hand_on(lines: list[bytes], position: int, flag: bytes) -> None:
    """Let another of our blocks remember what this one did; other lines keep nothing."""
    marker = _OPENING.fullmatch(lines[position])
    if marker and flag not in marker[2]:
        lines[position] = b"# >>> numeri %s%s >>>\n" % (marker[1], marker[2] + flag)


def _block(key: bytes, flags: bytes, body: bytes) -> bytes:
    return b"# >>> numeri %s%s >>>\n%s# <<< numeri %s <<<\n" % (key, flags, body, key)


def _lines(content: bytes | None) -> list[bytes]:
    """Lines as cron counts them: only a line feed ends one."""
    return io.BytesIO(content or b"").readlines()


def _locate(lines: list[bytes], key: bytes) -> _Place | None:
    openings = [i for i, line in enumerate(lines) if _names(_OPENING, line, key)]
    closings = [i for i, line in enumerate(lines) if _names(_CLOSING, line, key)]
    if not openings and not closings:
        return None
    whole = len(openings) == len(closings) == 1 and openings < closings
    if not whole or any(_OPENING.fullmatch(line) for line in lines[openings[0] + 1 : closings[0]]):
        raise ScheduleError(
            f"line {min(openings + closings) + 1} of the crontab belongs to a numeri block that"
            " is not whole, or is there twice",
            hint="delete what is left of it with `crontab -e`, then run the same command again",
        )
    marker = _OPENING.fullmatch(lines[openings[0]])
    return _Place(openings[0], closings[0] + 1, marker[2] if marker else b"")


def _names(pattern: re.Pattern[bytes], line: bytes, key: bytes) -> bool:
    marker = pattern.fullmatch(line)
    return marker is not None and marker[1] == key


def _changes_reading(line: bytes) -> bool:
    assignment = _ASSIGNMENT.match(line)
    if assignment is None:
        return False
    name, value = assignment.groups()
    return name == b"CRON_TZ" or value.rpartition(b"/")[2] not in _KNOWN_SHELLS
