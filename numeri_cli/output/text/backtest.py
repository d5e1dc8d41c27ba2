"""Models that were walked forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.console import whole
from numeri_cli.output.text.tables import table
from numeri_cli.output.text.validate import validate

if TYPE_CHECKING:
    from numeri_cli.commands.backtest import Backtests


def backtests(record: Backtests) -> RenderableType:
    """What was walked forward, and its scores."""
    right = ("windows", "eras", "purged", "rows")
    rows = table("model", *right, right=right)
    for model in record.models:
        figures = (model.windows, model.eras, model.purge_eras, model.rows)
        rows.add_row(model.model, *(f"{figure:,}" for figure in figures))
    files = [Text(f"predictions of {m.model}: {whole(m.path)}") for m in record.models]
    scores = [] if record.validation is None else [Text(), validate(record.validation)]
    return Group(rows, *files, *scores)
