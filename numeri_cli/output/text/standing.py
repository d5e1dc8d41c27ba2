"""Words that every table of scores and money shares."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from numeri_cli.output.formats import moment


def as_of_line(as_of: datetime, *, offline: bool) -> Text:
    """The time that a table is of, and whether the server could be asked."""
    words = f"as of {moment(as_of)} {as_of.year}"
    if offline:
        return Text(f"{words}, from this machine alone: the server could not be asked", "yellow")
    return Text(words, "dim")
