"""The one door to the terminal: what comes from outside is shown, and never obeyed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from numeri_cli.inert_text import visible
from numeri_cli.output.program import as_called

_HELD_SPACE = "\ue000"  # of no alphabet, and never shown
_WORD = re.compile(r"[^\S\n]*\S+[^\S\n]*|\n")
_COMMAND = re.compile("`[^`\n]*`")
_WITHOUT_WIDTH = 10_000  # columns; a pipe and a file have no edge at which to break a line


class InertConsole(Console):
    """A console for which a text is a text: no markup, no emoji codes, no control characters.

    Texts of servers, files and profiles reach it inside tables and sentences. What a terminal
    would act on, reordering of letters included, is made visible, such as \\x1b for an escape.
    """

    def __init__(self, file: TextIO) -> None:
        super().__init__(file=file, highlight=False, markup=False, emoji=False)
        if not file.isatty():
            self.size = ConsoleDimensions(_WITHOUT_WIDTH, self.size.height)
        elif self.is_dumb_terminal or self.size.width < 1:
            # rich takes every dumb one for 80 columns; some shells and editors export COLUMNS=0
            columns = shutil.get_terminal_size().columns
            self.size = ConsoleDimensions(columns, self.size.height)

    def render_str(self, text: str, **more: Any) -> Text:
        """A plain text for rich, as wide as it will be shown."""
        return super().render_str(visible(text, kept="\n"), **more)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Segments as rich makes them, each text inert; the styles are ours.

        Lines are broken between words, and a command in backquotes is one word, as it is called
        here. A text that may not be broken is shown letter by letter.
        """
        if isinstance(renderable, str):
            renderable = self.render_str(renderable)
        if isinstance(renderable, Text):
            renderable = flowing(renderable)
            chosen = options or self.options
            if chosen.overflow == "ignore" and not renderable.no_wrap:  # in no cell of a table
                renderable = _broken(renderable, chosen.max_width)
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                text = segment.text.replace(_HELD_SPACE, " ")
                yield Segment(visible(text, kept="\n"), segment.style)


def whole(path: object) -> str:
    """A path as one word: a line is never broken at a space in it, as of "Application Support"."""
    return str(path).replace(" ", _HELD_SPACE)


def flowing(text: Text) -> Text:
    """The text with its commands as they are called here, and none of them broken at a space."""
    if text.no_wrap or "`" not in text.plain:
        return text
    made = text.copy()
    made.plain = _COMMAND.sub(
        lambda found: found[0].replace(" ", _HELD_SPACE), as_called(made.plain)
    )
    return made


def _broken(text: Text, width: int) -> Text:
    """The text in lines of so many columns, each as long as it can be; a longer word is whole."""
    places, used = [], 0
    for found in _WORD.finditer(text.plain):
        word = found[0]
        if used and used + cell_len(word.rstrip()) > width:
            places.append(found.start())
            used = 0
        used = 0 if word == "\n" else used + cell_len(word)
    lines = text.divide(places)
    for line in lines[:-1]:
        line.rstrip()
    made = Text("\n", end=text.end).join(lines)
    made.no_wrap = True
    return made
