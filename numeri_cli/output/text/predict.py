"""Prediction files that were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from numeri_cli.output.console import whole

if TYPE_CHECKING:
    from numeri_cli.commands.predict import PredictionFiles


def prediction_files(record: PredictionFiles) -> RenderableType:
    """Where predictions were written."""
    return Text(
        "\n".join(
            f"wrote {whole(file.path)}: {file.rows:,} rows of {file.model}" for file in record.files
        )
    )
