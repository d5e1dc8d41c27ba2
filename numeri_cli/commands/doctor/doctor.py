"""numeri doctor: every check, in an order in which a person would look."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from numeri_cli.commands.context import Context
from numeri_cli.commands.doctor import (
    books,
    carried_over,
    clock,
    guarded,
    home,
    keys,
    last_run,
    locks,
    newer,
    packages,
    practice_server,
    profile,
    reach,
    room,
    schedule,
    scopes,
)
from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Diagnosis, Finding, cannot_know, mend
from numeri_cli.errors import NumeriError


class Check(Protocol):
    """Something that is looked at. A new one is a file here and its place in CHECKS."""

    @property
    def name(self) -> str:
        """What its lines begin with."""

    @property
    def own_errors(self) -> tuple[type[NumeriError], ...]:
        """Errors that are themselves what it looks for; after others it cannot know."""

    def look(self, examination: Examination) -> Iterable[Finding]:
        """What it finds; nothing where it does not apply. May raise any NumeriError."""


CHECKS: tuple[Check, ...] = (
    profile,
    home,
    books,
    reach,
    clock,
    keys,
    scopes,
    room,
    packages,
    newer,
    schedule,
    last_run,
    guarded,
    carried_over,
    practice_server,
    locks,
)


def doctor(context: Context, *, online: bool = False) -> Diagnosis:
    """Look at everything; a check that fails does not stop the others.

    online: ask the package index for a newer numeri, too
    """
    examination = Examination(context, online=online)
    return Diagnosis(tuple(one for check in CHECKS for one in _looked(check, examination)))


def _looked(check: Check, examination: Examination) -> Iterable[Finding]:
    try:
        return tuple(check.look(examination))
    except NumeriError as error:
        say = mend if isinstance(error, check.own_errors) else cannot_know
        return (say(check.name, error.code, error.message, hint=error.hint),)
