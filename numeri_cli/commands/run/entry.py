"""A model's entry into a round: its predictions, and what became of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from numeri_cli.commands.artifacts import OpenModel
from numeri_cli.commands.context import Context
from numeri_cli.commands.run.held import unchanged
from numeri_cli.commands.run.outcomes import ModelOutcome
from numeri_cli.commands.submission.check import CheckedPredictions, check_predictions
from numeri_cli.commands.submission.send import submit as submit_checked
from numeri_cli.commands.submission.watch import Settled
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.records import ModelSlot, Receipt, Round


@dataclass(frozen=True)
class RoundEntry:
    """A prediction file for one model of the account.

    artifact: the id of the trained model it came from, None for a file of the user's
    rows, surplus: how many of its rows are live ids and how many are not, once it was checked
    """

    model: ModelSlot
    file: Path
    artifact: str | None = None
    rows: int | None = None
    surplus: int = 0


def predicted_entry(model: OpenModel, slot: ModelSlot, *, live: Path, round_: Round) -> RoundEntry:
    """A trained model's predictions, kept under the round's number."""
    context = model.context
    folder = context.home.predictions(context.tournament) / f"{round_.number:04d}"
    done = model.predict(live, folder / f"{model.name}.parquet")
    return RoundEntry(slot, done.path, model.artifact.contract.artifact_id)


def checked_entry(
    context: Context, entry: RoundEntry, live_ids: Collection[str]
) -> tuple[RoundEntry, CheckedPredictions]:
    """The entry with what its file holds, and the bytes to send. Raises what the check raises."""
    rules = context.endpoint.kind.predictions
    checked = check_predictions(entry.file, live_ids, rules=rules)
    return replace(entry, rows=checked.rows, surplus=checked.surplus), checked


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
    entry, checked = checked_entry(context, entry, live_ids)
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
    return outcome_of(entry, round_, _settled(receipt))


def _settled(receipt: Receipt | None) -> Settled | None:
    if receipt is None:
        return None
    return Settled(
        model=receipt.model,
        server_id=receipt.server_id,
        timing=receipt.timing,
        receipt=receipt,
    )


def outcome_of(entry: RoundEntry, round_: Round, settled: Settled | None) -> ModelOutcome:
    """What became of an entry; settled: None where it was only checked."""
    if settled is None:
        return ModelOutcome(
            model=entry.model.name,
            state="checked",
            round_number=round_.number,
            artifact=entry.artifact,
            predictions=entry.file,
            rows=entry.rows,
            surplus=entry.surplus,
        )
    receipt = settled.receipt
    if receipt is None:
        return unchanged(settled, round_)
    return ModelOutcome(
        model=entry.model.name,
        state="accepted",
        round_number=receipt.round_number,
        server_id=receipt.server_id,
        timing=receipt.timing,
        selected=receipt.selected,
        artifact=entry.artifact,
        predictions=entry.file,
        rows=entry.rows,
        surplus=entry.surplus,
    )
