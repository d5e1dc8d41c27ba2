"""What a model that is not in the round yet goes through: training, prediction, submission."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.commands.datasets import bring_for_figures
from numeri_cli.commands.models import (
    is_trained,
    train_model,
)
from numeri_cli.commands.outcomes import (
    Allowed,
    ModelOutcome,
)
from numeri_cli.commands.sources import (
    ready_model,
    send,
)
from numeri_cli.commands.validate.validate import figures
from numeri_cli.errors import ModelUntrained, NumeriError
from numeri_cli.records import ModelSlot, Round

TRAINING_MARGIN_SECONDS = 2 * 3600.0


def enter_all(
    context: Context,
    round_: Round,
    pending: list[ModelSlot],
    live: Path,
    *,
    allowed: Allowed,
) -> dict[str, ModelOutcome]:
    """Submit each of these models; one's failure does not stop the others."""
    outcomes = {}
    # what is trained goes first: a long training must not cost another model its round
    for slot in sorted(pending, key=lambda slot: not is_trained(context, slot.name)):
        try:
            outcome = _submit_one(context, slot, round_, live, allowed)
        except NumeriError as error:
            outcome = ModelOutcome.failed(slot.name, round_, error)
        outcomes[slot.name] = outcome
    return outcomes


def _submit_one(
    context: Context, slot: ModelSlot, round_: Round, live: Path, allowed: Allowed
) -> ModelOutcome:
    if not is_trained(context, slot.name):
        _train(context, slot.name, round_, allowed)
    ready = ready_model(context, slot, live, round_)
    outcome = send(context, ready, round_, live=live, late=allowed.late, dry_run=allowed.dry_run)
    return replace(outcome, validation=figures(context, slot.name))


def _train(context: Context, name: str, round_: Round, allowed: Allowed) -> None:
    left = (round_.deadline - context.client.now()).total_seconds()
    if left < TRAINING_MARGIN_SECONDS and not allowed.train and not allowed.late:
        raise ModelUntrained(
            f"model {name} has no artifact, and round {round_.number} closes in "
            f"{max(0, left) / 60:.0f} minutes",
            hint=f"`numeri run --train` trains it now all the same; or `numeri train {name}` "
            "before the next round",
        )
    if left >= TRAINING_MARGIN_SECONDS:
        bring_for_figures(context)
    train_model(context, name)
