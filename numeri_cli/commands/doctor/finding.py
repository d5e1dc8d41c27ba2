"""What a check of the doctor says: one line, with a cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from numeri_cli.errors import ExitCode
from numeri_cli.published import Published

Health = Literal["fine", "mend", "cannot know"]


@dataclass(frozen=True)
class Finding(Published):
    """One line of the doctor's.

    check: its name; code: stable, for machines; hint: the cure, empty where all is well
    """

    check: str
    level: Health
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Diagnosis(Published):
    """All that was looked at, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def troubles(self) -> tuple[Finding, ...]:
        """What is not fine, what has to be mended first."""
        wrong = [one for one in self.findings if one.level != "fine"]
        return tuple(sorted(wrong, key=lambda one: one.level != "mend"))

    @property
    def exit_code(self) -> ExitCode:
        """0 nothing wrong, 1 something to mend, 4 something that cannot be known."""
        levels = {one.level for one in self.findings}
        if "mend" in levels:
            return ExitCode.refused
        return ExitCode.trouble if "cannot know" in levels else ExitCode.done


def fine(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check, "fine", f"{check}_fine", message)


def mend(check: str, code: str, message: str, *, hint: str) -> Finding:
    """Something that the owner has to mend."""
    return Finding(check, "mend", code, message, hint)


def cannot_know(check: str, code: str, message: str, *, hint: str) -> Finding:
    """Something that could not be looked at."""
    return Finding(check, "cannot know", code, message, hint)
