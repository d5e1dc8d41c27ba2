"""The guide: a page as it is to be read, or the list of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import CodeBlock, Markdown, TableElement
from rich.text import Text

from numeri_cli.output.text.tables import Prose, table

if TYPE_CHECKING:
    from numeri_cli.commands.guide import GuidePages

_WIDEST = 100  # columns; longer lines are hard to read


class _CopiedBlock(CodeBlock):
    """A block that is meant to be copied: no line of it is broken."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = str(self.text).rstrip("\n").splitlines()
        indented = "\n".join(f"  {line}".rstrip() for line in lines)
        yield Text(indented, "bold", no_wrap=True, overflow="ignore")


class _TableOfPage(TableElement):
    """A table in the house's look: it is broken between words alone, never inside a key."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        made = table()
        if self.header is not None and self.header.row is not None:
            for cell in self.header.row.cells:
                made.add_column(cell.content, overflow="fold")
        for row in self.body.rows if self.body is not None else ():
            made.add_row(*(cell.content for cell in row.cells))
        yield made


class _MarkdownOfPage(Markdown):
    """Markdown with these blocks and tables."""

    elements: ClassVar = {
        **Markdown.elements,
        "fence": _CopiedBlock,
        "table_open": _TableOfPage,
    }


class _Page:
    """Markdown set for a terminal, and as it was written for a pipe or a file."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not console.is_terminal:
            yield Text(self._text.rstrip("\n"), no_wrap=True)  # commands as the page has them
            return
        width = min(options.max_width, _WIDEST)
        yield from console.render(
            _MarkdownOfPage(self._text, hyperlinks=False),
            options.update(width=width, overflow="fold"),
        )


def guide_pages(record: GuidePages) -> RenderableType:
    """The page that was asked for; without one, every topic with its title."""
    if record.text is not None:
        return _Page(record.text)
    made = table("topic", "page")
    for one in record.topics:
        made.add_row(one.topic, one.title)
    return Group(made, Text(), Prose("`numeri guide TOPIC` shows a page", "dim"))
