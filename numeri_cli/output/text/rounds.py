"""The rounds this machine has seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from numeri_cli.output.formats import moment
from numeri_cli.output.text.log import visible
from numeri_cli.output.text.tables import state, table

if TYPE_CHECKING:
    from numeri_cli.commands.rounds import RoundRow, SeenRounds

MOST_IN_TABLE = 500


def seen_rounds(record: SeenRounds) -> RenderableType:
    """Rounds this machine has seen, newest first."""
    if not record.rounds:
        return Text("this machine has seen no round yet")
    entries = sum(len(seen.receipts) + len(seen.attempts) for seen in record.rounds)
    if entries > MOST_IN_TABLE:
        return _LongList(record)
    rows = table("round", "closed", "model", "state", "submission", right=("round",))
    for seen in record.rounds:
        number_shown, closes = str(seen.number), moment(seen.deadline)
        for model, word, server_id in _entries(seen):
            rows.add_row(number_shown, closes, model, state(word), server_id)
            number_shown = closes = ""
    return rows


@dataclass(frozen=True)
class _LongList:
    """Plain lines of fixed columns: a table of thousands of rows takes many seconds."""

    record: SeenRounds

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for seen in self.record.rounds:
            for model, word, server_id in _entries(seen):
                closes = moment(seen.deadline)
                head = f"{seen.number:>5}  {closes:<19}  {visible(model):<12}  {word:<9} "
                room = max(options.max_width - len(head), 12)
                for start in range(0, max(len(server_id), 1), room):
                    before = " " * len(head) if start else head
                    yield Segment(f"{before}{visible(server_id[start : start + room])}\n")


def _entries(seen: RoundRow) -> list[tuple[str, str, str]]:
    """Receipts, then the last try of each model that has none."""
    entries = [(item.model, str(item.timing), item.server_id) for item in seen.receipts]
    done = {model for model, _, _ in entries}
    for attempt in seen.attempts:
        if attempt.model not in done:
            done.add(attempt.model)
            entries.append((attempt.model, attempt.state, attempt.server_id or "–"))
    return entries or [("–", "none", "–")]
