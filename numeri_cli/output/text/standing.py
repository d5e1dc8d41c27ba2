"""Words that every table of scores and money shares."""

from __future__ import annotations

from datetime import datetime

from numeri_cli.output.formats import moment
from numeri_cli.output.text.tables import Prose


def as_of_line(as_of: datetime, *, offline: bool) -> Prose:
    """The time that a table is of, and whether the server could be asked."""
    words = f"as of {moment(as_of)} {as_of.year}"
    if offline:
        return Prose(f"{words}, from this machine alone: the server could not be asked", "yellow")
    return Prose(words, "dim")
