"""The one door to the terminal: what comes from outside is shown, and never obeyed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from numeri_cli.inert_text import visible

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
        elif self.size.width < 1:  # COLUMNS=0, as some shells and editors export it
            columns = shutil.get_terminal_size().columns
            self.size = ConsoleDimensions(columns, self.size.height)

    def render_str(self, text: str, **more: Any) -> Text:
        """A plain text for rich, as wide as it will be shown."""
        return super().render_str(visible(text, kept="\n"), **more)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Segments as rich makes them, each text inert; the styles are ours."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(visible(segment.text, kept="\n"), segment.style)
