"""The guide: a page as it is to be read, or the list of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.text import Text

from numeri_cli.output.text.tables import Prose, table

if TYPE_CHECKING:
    from numeri_cli.commands.guide import GuidePages

_WIDEST = 100  # columns; longer lines are hard to read


class _Page:
    """Markdown set for a terminal, and as it was written for a pipe or a file."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not console.is_terminal:
            yield Text(self._text.rstrip("\n"))
            return
        width = min(options.max_width, _WIDEST)
        yield from console.render(
            Markdown(self._text, hyperlinks=False), options.update(width=width, overflow="fold")
        )


def guide_pages(record: GuidePages) -> RenderableType:
    """The page that was asked for; without one, every topic with its title."""
    if record.text is not None:
        return _Page(record.text)
    made = table("topic", "page")
    for one in record.topics:
        made.add_row(one.topic, one.title)
    return Group(made, Text(), Prose("`numeri guide TOPIC` shows a page", "dim"))
