"""What was found about a hosted model: a line for each thing that can go wrong on the machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from numeri_cli.published import Published

Level = Literal["fine", "mend", "warning"]


@dataclass(frozen=True)
class HostedFinding(Published):
    """One check and what came of it.

    level: "mend" where a round would be missed or predicted wrongly; "warning" where that would
    take other data than today's, or where the check itself was less than whole
    """

    check: str
    level: Level
    message: str
    hint: str = ""


def fine(check: str, message: str) -> HostedFinding:
    """Nothing is wrong."""
    return HostedFinding(check, "fine", message)


def mend(check: str, message: str, hint: str) -> HostedFinding:
    """A round would be missed, or predicted wrongly."""
    return HostedFinding(check, "mend", message, hint)


def warning(check: str, message: str, hint: str) -> HostedFinding:
    """Something to know."""
    return HostedFinding(check, "warning", message, hint)
