"""What was decided about retrained models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from numeri_cli.inert_text import visible

if TYPE_CHECKING:
    from numeri_cli.commands.retrain.retrain import Retrainings


def retrainings(record: Retrainings) -> RenderableType:
    """One line for each model."""
    if not record.models:
        return Text("no model is due")
    lines = [
        f"{one.model}: {one.state}{f' {one.artifact}' if one.artifact else ''}: {one.message}"
        for one in record.models
    ]
    return Text("\n".join(visible(line) for line in lines))
