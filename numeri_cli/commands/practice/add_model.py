"""numeri practice add-model: one more model of the participant's."""

from __future__ import annotations

from dataclasses import dataclass

from numeri_cli.commands.context import Context
from numeri_cli.published import Published


@dataclass(frozen=True)
class AddedModel(Published):
    """A model of the practice account."""

    model: str
    model_id: str


def add_model(context: Context, name: str) -> AddedModel:
    """Give the practice account one more model. Raises PracticeMissing, UsageProblem."""
    return AddedModel(name, context.practice.add_model(name))
