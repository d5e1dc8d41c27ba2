"""A record → a table that breaks nothing which is meant to be copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from numeri_cli.output.console import flowing
from numeri_cli.output.program import command_as_called

if TYPE_CHECKING:
    from numeri_cli.notify.message import GuardFinding

_WIDEST = 1000
_COLOURS = {
    "accepted": "green",
    "already accepted": "green",
    "on-time": "green",
    "checked": "cyan",
    "late": "yellow",
    "queued": "yellow",
    "pending": "yellow",
    "carried over": "red",
    "none": "red",
    "refused": "red",
    "failed": "red",
}


class _Fitted(Table):
    """A table that breaks lines between words alone, never inside an id, a path or a figure.

    Where the screen is too narrow even for that, it is wider than the screen.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Segments of the table; columns without words keep their width."""
        wide = options.update_width(_WIDEST)
        for column in self.columns:
            if column.max_width is None:
                cells = [
                    Measurement.get(console, wide, _measured(console, cell))
                    for cell in (column.header, *column.cells)
                ]
                column.no_wrap = column.no_wrap or all(x.minimum == x.maximum for x in cells)
                least = [cell.maximum if column.no_wrap else cell.minimum for cell in cells]
                column.min_width = max(column.min_width or 0, *least)
        yield from super().__rich_console__(console, options)


def _measured(console: Console, cell: RenderableType) -> RenderableType:
    """A cell as it will be shown: a command in it is one word."""
    text = console.render_str(cell) if isinstance(cell, str) else cell
    return flowing(text) if isinstance(text, Text) else text


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table of the house's look; the columns named in `right` are set flush right."""
    made = _Fitted(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def grid(*least_widths: int) -> Table:
    """An empty table without heads or lines; each column at least so wide."""
    made = _Fitted.grid(padding=(0, 2))
    for width in least_widths:
        made.add_column(overflow="fold", min_width=width)
    return made


def unbroken(made: Table) -> Table:
    """The table at its own width, however narrow the screen: nothing in it is broken."""
    made.width = Console(width=_WIDEST, markup=False, emoji=False).measure(made).maximum
    return made


class Fitting:
    """A table that leaves columns out where a terminal has no room for all of them.

    less: headers of those that may go, the first one first; elsewhere than on a terminal all stay
    """

    def __init__(self, made: Table, *less: str) -> None:
        self._made, self._less = made, less

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        chosen = unbroken(self._made)
        for count in range(1, len(self._less) + 1) if console.is_terminal else ():
            if (chosen.width or 0) > options.max_width:
                chosen = unbroken(_without(self._made, self._less[:count]))
        yield chosen


def _without(made: Table, headers: tuple[str, ...]) -> Table:
    kept = [column for column in made.columns if str(column.header) not in headers]
    fewer = table(*(str(one.header) for one in kept))
    fewer.collapse_padding = made.collapse_padding
    for column, one in zip(fewer.columns, kept, strict=True):
        column.justify = one.justify
    for cells in zip(*(one.cells for one in kept), strict=True):
        fewer.add_row(*cells)
    return fewer


class Prose:
    """Sentences: broken between words on a terminal, and a line each anywhere else."""

    def __init__(self, text: str, style: str = "") -> None:
        self._text, self._style = text, style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = Text(self._text, self._style)
        if console.is_terminal:
            text.no_wrap, text.overflow = False, "fold"
        yield text


def state(word: str) -> Text:
    """A state in its colour."""
    return Text(word, style=_COLOURS.get(word.partition(",")[0], ""))


def finding_lines(findings: Sequence[GuardFinding]) -> list[Text]:
    """What the guard holds against a model: a line each, with its cure."""
    return [Text(f"guard: {one.message}: {one.hint}", style="yellow") for one in findings]


def seen_words(seen: int | None, eras: int) -> str:
    """How many scored eras a model knows from its training; "" for none, and None for unknown."""
    if not seen:
        return ""
    return "seen in training" if seen >= eras else f"{seen} of {eras} eras seen in training"


def steps(commands: tuple[str, ...]) -> Text:
    """What to type next."""
    text = Text("next:", no_wrap=True)
    for command in commands:
        text.append(f"\n  {command_as_called(command)}", style="bold")
    return text
