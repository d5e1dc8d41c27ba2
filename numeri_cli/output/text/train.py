"""Models that were trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.text.tables import Fitting, table

if TYPE_CHECKING:
    from numeri_cli.commands.train import TrainedModels


def trained_models(record: TrainedModels) -> RenderableType:
    """What was trained, then what could not be."""
    right = ("features", "eras", "rows", "trees", "seconds")
    rows = table("model", *right, right=right)
    for model in record.models:
        rows.add_row(
            model.model,
            f"{model.features:,}",
            f"{model.eras:,}",
            f"{model.rows:,}",
            f"{model.trees:,}",
            f"{model.seconds:.1f}",
        )
    targets = [
        Text(f"{model.model} is trained for {' and '.join(model.targets)}", style="dim")
        for model in record.models
    ]
    dropped = sum(model.dropped_rows for model in record.models)
    note = [Text(f"{dropped:,} rows without a target were left out", style="dim")]
    failed = [
        line
        for problem in record.failed
        for line in (Text(problem.message), Text(f"hint: {problem.hint}", style="dim"))
    ]
    return Group(
        Fitting(rows, "seconds", "features"), *targets, *(note if dropped else []), *failed
    )
