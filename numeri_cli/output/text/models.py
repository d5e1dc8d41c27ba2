"""The account's models, and what was trained here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from numeri_cli.output.text.tables import table

if TYPE_CHECKING:
    from numeri_cli.commands.models import AccountModels, LocalArtifacts


def account_models(record: AccountModels) -> RenderableType:
    """The account's models."""
    rows = table("model", "submissions come from", "id")
    for model in record.models:
        rows.add_row(model.name, "Numerai, hosted" if model.hosted else "here", model.id)
    return rows


def local_artifacts(record: LocalArtifacts) -> RenderableType:
    """What was trained on this machine, newest first."""
    if not record.artifacts:
        return Text("no model has been trained here yet: `numeri train`")
    rows = table("model", "artifact", "features", "eras", right=("features", "eras"))
    for artifact in record.artifacts:
        rows.add_row(
            artifact.model,
            Text(artifact.artifact, "bold" if artifact.newest else ""),
            f"{artifact.features:,}",
            f"{artifact.eras:,}",
        )
    return rows
