"""Which clock cron goes by on this machine.

The daemon goes by the system's zone, or by a TZ that it was started with; from here nobody can
tell whether that is the TZ of this shell. So every zone that may be meant is returned: a firing
too many costs nothing, one too few costs a round.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LOCALTIME = Path("/etc/localtime")
_TIMEZONE = Path("/etc/timezone")


def machine_zones(
    environment: Mapping[str, str] | None = None,
    *,
    localtime: Path = _LOCALTIME,
    timezone: Path = _TIMEZONE,
) -> tuple[ZoneInfo, ...]:
    """The zones that cron may go by: that of TZ where set, and the system's own; else UTC.

    localtime: zone file or a link to one; timezone: file with the zone's name, used where
    there is no readable localtime
    """
    variables = os.environ if environment is None else environment
    candidates = (
        named_zone(variables.get("TZ", "")),
        _linked_zone(localtime, timezone) or named_zone(_content(timezone)),
    )
    zones = {zone.key: zone for zone in candidates if zone}
    return tuple(zones.values()) or (ZoneInfo("UTC"),)


def named_zone(text: str) -> ZoneInfo | None:
    """A zone as TZ names it: "Europe/Berlin", ":Europe/Berlin", a zone file's path, or a rule
    such as "CET-1CEST,M3.5.0,M10.5.0/3"; None where it is none of these.
    """
    name = text.strip().removeprefix(":")
    if not name:
        return None
    if name.startswith("/"):
        return _linked_zone(Path(name), Path(os.devnull))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _ruled_zone(name)


def _linked_zone(path: Path, name_file: Path) -> ZoneInfo | None:
    _, _, name = str(path.resolve()).partition("/zoneinfo/")
    try:
        with path.open("rb") as file:
            return ZoneInfo.from_file(file, key=name or _content(name_file) or str(path))
    except (OSError, ValueError, EOFError, struct.error):  # what reading a damaged file ends in
        return None


def _ruled_zone(rule: str) -> ZoneInfo | None:
    """A zone of one rule: an empty zone file (RFC 8536) whose footer is the rule."""
    header = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block = header + struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
    try:
        footer = b"\n" + rule.encode("ascii") + b"\n"
        return ZoneInfo.from_file(io.BytesIO(block + block + footer), key=rule)
    except ValueError:
        return None


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
