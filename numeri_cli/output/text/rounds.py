"""The rounds this machine has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from numeri_cli.output.formats import moment
from numeri_cli.output.text.tables import state, table

if TYPE_CHECKING:
    from numeri_cli.commands.rounds import RoundRow, SeenRounds


def seen_rounds(record: SeenRounds) -> RenderableType:
    """Rounds this machine has seen, newest first."""
    if not record.rounds:
        return Text("this machine has seen no round yet")
    rows = table("round", "closed", "model", "state", "submission", right=("round",))
    for seen in record.rounds:
        number_shown, closes = str(seen.number), moment(seen.deadline)
        for model, word, server_id in _entries(seen):
            rows.add_row(number_shown, closes, model, state(word), server_id)
            number_shown = closes = ""
    return rows


def _entries(seen: RoundRow) -> list[tuple[str, str, str]]:
    """Receipts, then the last try of each model that has none."""
    entries = [(item.model, str(item.timing), item.server_id) for item in seen.receipts]
    done = {model for model, _, _ in entries}
    for attempt in seen.attempts:
        if attempt.model not in done:
            done.add(attempt.model)
            entries.append((attempt.model, attempt.state, attempt.server_id or "–"))
    return entries or [("–", "none", "–")]
