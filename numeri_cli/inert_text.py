"""The one door for texts from outside, a server's, a file's, a profile's: shown, never obeyed.

Errors, answers of the server, log, terminal, CSV and HTML let texts in or out through here.
"""

from __future__ import annotations

import re

LONGEST_SENTENCE = 2_000  # characters; of an error, a line of the log
_FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and their wide forms
_NUMBER = re.compile(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)([eE][+-]?\d+)?%?")


def visible(text: str, *, kept: str = "") -> str:
    """The text with what a reader's program would act on made visible, such as \\x1b for an escape.

    That is control characters, line ends, marks that turn the order of letters, and whatever else
    has no look of its own.
    kept: characters that stay as they are
    """
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable() or letter in kept
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


def bounded(text: str, *, at_most: int) -> str:
    """The text itself, or its beginning with a word on how much there was; in characters."""
    if len(text) <= at_most:
        return text
    return f"{text[:at_most]}… ({len(text):,} characters in all)"


def inert(text: str, *, at_most: int = LONGEST_SENTENCE) -> str:
    """One line of at most so many characters, and a word on the rest; with nothing to obey."""
    return visible(bounded(text, at_most=at_most))


def inert_cell(text: str) -> str:
    """A text as a cell of a table that a spreadsheet may open: never a formula.

    What begins as one gets an apostrophe before it, which spreadsheets do not show; a number does
    not begin one.
    """
    shown = visible(text)
    if shown.lstrip().startswith(_FORMULAS) and not _NUMBER.fullmatch(shown.strip()):
        return f"'{shown}"
    return shown
