"""A model's entry into a round: trained where it is not, predicted, checked, sent, confirmed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from numeri_cli.commands.artifacts import OpenModel, found_model, is_trained
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring_for_figures
from numeri_cli.commands.guard import RoundFacts, let_through, round_facts
from numeri_cli.commands.run.outcomes import Allowed, ModelOutcome
from numeri_cli.commands.submission.check import check_predictions
from numeri_cli.commands.submission.send import submit as submit_checked
from numeri_cli.commands.train import train_model
from numeri_cli.commands.validate.validate import figures
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ModelUntrained, NumeriError
from numeri_cli.records import ModelSlot, Receipt, Round

TRAINING_MARGIN_SECONDS = 2 * 3600.0


@dataclass(frozen=True)
class RoundEntry:
    """A prediction file for one model of the account.

    artifact: the id of the trained model it came from, None for a file of the user's
    """

    model: ModelSlot
    file: Path
    artifact: str | None = None


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
    facts = round_facts(context, round_)
    # what is trained goes first: a long training must not cost another model its round
    for slot in sorted(pending, key=lambda slot: not is_trained(context, slot.name)):
        try:
            outcome = _enter(context, slot, round_, live=live, allowed=allowed, facts=facts)
        except NumeriError as error:
            outcome = ModelOutcome.failed(slot.name, round_, error)
        outcomes[slot.name] = outcome
    return outcomes


def _enter(
    context: Context,
    slot: ModelSlot,
    round_: Round,
    *,
    live: Path,
    allowed: Allowed,
    facts: RoundFacts,
) -> ModelOutcome:
    if not is_trained(context, slot.name):
        _train(context, slot.name, round_, allowed=allowed)
    model = found_model(context, slot.name)
    findings = let_through(model, facts)
    entry = predicted_entry(model, slot, live=live, round_=round_)
    outcome = send(context, entry, round_, live=live, late=allowed.late, dry_run=allowed.dry_run)
    return replace(outcome, validation=figures(model), findings=findings)


def _train(context: Context, name: str, round_: Round, *, allowed: Allowed) -> None:
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


def predicted_entry(model: OpenModel, slot: ModelSlot, *, live: Path, round_: Round) -> RoundEntry:
    """A trained model's predictions, kept under the round's number."""
    context = model.context
    folder = context.home.predictions(context.tournament) / f"{round_.number:04d}"
    done = model.predict(live, folder / f"{model.name}.parquet")
    return RoundEntry(slot, done.path, model.artifact.contract.artifact_id)


def send(
    context: Context,
    entry: RoundEntry,
    round_: Round,
    *,
    live: Path,
    late: bool = False,
    dry_run: bool = False,
) -> ModelOutcome:
    """Check a prediction file against the round's live ids, upload it, wait for the proof."""
    live_ids = [str(value) for value in DataFile.open(live).ids()]
    checked = check_predictions(entry.file, live_ids, rules=context.endpoint.kind.predictions)
    receipt = submit_checked(
        context.client,
        context.ledger,
        tournament=context.tournament,
        model=entry.model,
        round_=round_,
        predictions=checked,
        late=late,
        dry_run=dry_run,
        listener=context.listener,
    )
    return _outcome(entry, round_, receipt, rows=checked.rows)


def _outcome(
    entry: RoundEntry, round_: Round, receipt: Receipt | None, *, rows: int
) -> ModelOutcome:
    return ModelOutcome(
        model=entry.model.name,
        state="accepted" if receipt else "checked",
        round_number=receipt.round_number if receipt else round_.number,
        server_id=receipt.server_id if receipt else None,
        timing=receipt.timing if receipt else None,
        selected=receipt.selected if receipt else False,
        artifact=entry.artifact,
        predictions=entry.file,
        rows=rows,
    )
