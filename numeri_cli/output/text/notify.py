"""What everybody answered to a test message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from numeri_cli.inert_text import visible
from numeri_cli.output.text.tables import table

if TYPE_CHECKING:
    from numeri_cli.commands.notify import NotifyTrial


def notify_trial(record: NotifyTrial) -> RenderableType:
    """One row for each channel."""
    rows = table("channel", "answer", "seconds", right=("seconds",))
    for one in record.channels:
        told = f"{one.message} ({one.hint})" if one.message else one.answer
        style = "green" if one.delivered else "red"
        rows.add_row(visible(one.channel), Text(visible(told), style), f"{one.seconds:.1f}")
    return rows
