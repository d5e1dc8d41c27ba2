"""One line for one bar: what is done, in its unit, how fast and how long still, at any width."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.filesize import decimal
from rich.text import Text

from numeri_cli.inert_text import inert

SHORTEST_LABEL, SHORTEST_BAR, SHORTEST_NOTE = 8, 8, 12  # columns
LONGEST_BAR = 40
_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class BarFacts:
    """How far a task is.

    done, total: in units; total: None where it is not known
    speed: units a second, None where it cannot be told yet; elapsed, left: seconds
    note: a few words beside it, such as the name of a file
    """

    label: str
    unit: str
    done: float
    total: float | None
    speed: float | None
    elapsed: float
    left: float | None
    note: str = ""

    @property
    def words(self) -> str:
        """Such as "600.0 MB of 3.4 GB, 10.0 MB/s, 4:40 left", or the time so far."""
        total = f" of {self._amount(self.total)}" if self.total else ""
        named = "" if self.unit == "bytes" else f" {self.unit}"
        told = [f"{self._amount(self.done)}{total}{named}"]
        if self.speed:
            told.append(self._rate(self.speed))
        is_known = self.left is not None
        told.append(f"{clock(self.left or 0)} left" if is_known else _so_far(self.elapsed))
        return ", ".join(told)

    def _amount(self, amount: float) -> str:
        return decimal(int(amount)) if self.unit == "bytes" else f"{amount:,.0f}"

    def _rate(self, speed: float) -> str:
        if self.unit == "bytes":
            return f"{decimal(int(speed))}/s"
        if speed < 1:
            return f"{speed * _MINUTE:.1f} {self.unit}/min"
        return f"{speed:,.{0 if speed >= 10 else 1}f} {self.unit}/s"


def bar_line(facts: BarFacts, *, width: int) -> Text:
    """The line, of at most so many columns.

    A narrow terminal leaves out the note and the bar and shortens the label, in this order.
    """
    words = facts.words
    room = max(width - cell_len(words) - 1, SHORTEST_LABEL)
    label = _with_its_end(inert(facts.label), room)
    room = width - cell_len(label) - cell_len(words) - 2
    note = inert(facts.note)
    bar = min(room - 1, LONGEST_BAR) if facts.total and room > SHORTEST_BAR else 0
    note_room = room - bar - 2
    if note and cell_len(note) > note_room and bar:  # rather a short bar than no name
        bar = max(SHORTEST_BAR, min(bar, room - cell_len(note) - 2))
        note_room = room - bar - 2
    line = Text(label, no_wrap=True, overflow="ellipsis")
    if bar > 0:
        share = min(facts.done / facts.total, 1.0) if facts.total else 0.0
        full = round(share * bar)
        line.append(" ")
        line.append("━" * full, style="bar.complete")
        line.append(" " * (bar - full))
    line.append(" ").append(words, style="progress.download")
    if note and note_room >= min(SHORTEST_NOTE, cell_len(note)):
        line.append(" ").append(_cut(note, note_room))
    line.truncate(width, overflow="ellipsis")
    return line


def _so_far(seconds: float) -> str:
    return f"{clock(seconds)} so far"


def clock(seconds: float) -> str:
    """Such as 0:07, 12:40 or 3:05:00."""
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _with_its_end(text: str, width: int) -> str:
    """The text, or its beginning; of one that ends in a number its end, too.

    By their seeds and windows members are told apart that grow at once.
    """
    if cell_len(text) <= width or not text[-1].isdigit():
        return _cut(text, width)
    end = text[-(width // 3) :]
    return f"{set_cell_size(text, width - 1 - cell_len(end))}…{end}"


def _cut(text: str, width: int) -> str:
    """The text, or its beginning with a sign that there is more."""
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"
