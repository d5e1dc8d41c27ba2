"""What other programs that we start get to see of the environment: no keys, no proxies."""

from __future__ import annotations

from collections.abc import Mapping

_PASSED_ON = ("PATH", "HOME", "LANG", "TZ", "DBUS_SESSION_BUS_ADDRESS")


def child_environment(environment: Mapping[str, str], **more: str) -> dict[str, str]:
    """The variables that a program gets: those it needs to find its way, and `more`."""
    passed_on = {
        name: value
        for name, value in environment.items()
        if name in _PASSED_ON or name.startswith("XDG_")
    }
    return {**passed_on, **more}
