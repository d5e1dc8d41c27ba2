"""The rounds this machine has seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from numeri_cli.inert_text import visible
from numeri_cli.output.formats import ABSENT, moment, number
from numeri_cli.output.text.payouts import short_nmr
from numeri_cli.output.text.tables import Fitting, state, table, unbroken

if TYPE_CHECKING:
    from numeri_cli.commands.rounds import ResultRow, RoundRow, SeenRounds

MOST_IN_TABLE = 500
_KINDS = (("v2_corr20", "6"), ("mmc", "5"), ("corr60", "3"), ("mmc60", "3"))
_WIDEST = 80  # characters of a table that is to be read beside others


def seen_rounds(record: SeenRounds) -> RenderableType:
    """Rounds this machine has seen, newest first."""
    if not record.rounds:
        return Text("this machine has seen no round yet")
    entries = sum(len(seen.receipts) + len(seen.attempts) for seen in record.rounds)
    if entries > MOST_IN_TABLE:
        return _LongList(record)
    rows = _submitted(record, with_closing=True)
    if (rows.width or 0) > _WIDEST:
        rows = _submitted(record, with_closing=False)
    results = _results(record)
    submitted = Fitting(rows, "closed", "state", "model")
    return submitted if results is None else Group(submitted, Text(), results)


def _submitted(record: SeenRounds, *, with_closing: bool) -> Table:
    """What was submitted to each round, ids whole; with_closing: when it closed, too."""
    rows = table(
        "round", *(("closed",) if with_closing else ()), "model", "state", "submission",
        right=("round",),
    )  # fmt: skip
    for seen in record.rounds:
        place = [str(seen.number), moment(seen.deadline)][: 2 if with_closing else 1]
        for model, word, server_id in _entries(seen):
            rows.add_row(*place, model, state(word), server_id)
            place = [""] * len(place)
    return unbroken(rows)


def csv_columns(record: SeenRounds) -> list[str]:
    """Columns of a line for each model and round; each score and version has its own."""
    heads = {
        f"{row.score}/{row.version}"
        for one in record.rounds
        for result in one.results
        for row in result.scores
    }
    before = ["round_number", "deadline", "model", "server_id"]
    return [*before, *sorted(heads), "payout_state", "payout_nmr"]


def _results(record: SeenRounds) -> Fitting | None:
    """How models did, of rounds that have a score or a payout; None where none has."""
    figures = (*(name for name, _ in _KINDS), "NMR")
    made = table("round", "model", *figures, right=("round", *figures))
    for one in record.rounds:
        for result in one.results:
            if not result.scores and result.payout_nmr is None:
                continue
            paid = result.payout_nmr
            made.add_row(
                str(one.number),
                result.model,
                *(number(_value(result, *kind), signed=True) for kind in _KINDS),
                ABSENT if paid is None else short_nmr(paid, signed=True),
            )
    return Fitting(made, "mmc", "v2_corr20") if made.row_count else None


def _value(result: ResultRow, name: str, version: str) -> float | None:
    """A score of this version, else the one that has the name; None where several have it."""
    own = {row.version: row.value for row in result.scores if row.score == name}
    return own.get(version, next(iter(own.values())) if len(own) == 1 else None)


@dataclass(frozen=True)
class _LongList:
    """Plain lines of fixed columns: a table of thousands of rows takes many seconds."""

    record: SeenRounds

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for seen in self.record.rounds:
            for model, word, server_id in _entries(seen):
                closes = moment(seen.deadline)
                head = f"{seen.number:>5}  {closes:<19}  {visible(model):<12}  {word:<9} "
                yield Segment(f"{head}{visible(server_id)}\n")


def _entries(seen: RoundRow) -> list[tuple[str, str, str]]:
    """Receipts, then the last try of each model that has none."""
    entries = [(item.model, str(item.timing), item.server_id) for item in seen.receipts]
    done = {model for model, _, _ in entries}
    for attempt in seen.attempts:
        if attempt.model not in done:
            done.add(attempt.model)
            entries.append((attempt.model, attempt.state, attempt.server_id or "–"))
    return entries or [("–", "none", "–")]
