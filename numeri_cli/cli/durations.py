"""Durations as people write them."""

from __future__ import annotations

import re

from numeri_cli.errors import UsageProblem

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds_of(text: str) -> float:
    """Seconds of "90", "90s", "50m", "2h" or "1h30m". Raises UsageProblem."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not parts or "".join(count + unit for count, unit in parts) != text.strip():
        raise UsageProblem(f"{text[:40]!r} is no duration", hint="write 90s, 50m or 1h30m")
    return sum(float(count) * _UNITS[unit] for count, unit in parts)
