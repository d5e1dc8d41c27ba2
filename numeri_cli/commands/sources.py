"""Into the round: predictions of a model or a file, checked, sent, confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.commands.models import (
    predict,
    trained,
)
from numeri_cli.commands.outcomes import ModelOutcome
from numeri_cli.commands.submission.check import check_predictions
from numeri_cli.commands.submission.send import submit as submit_checked
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ModelUnknown
from numeri_cli.learning.artifact import Artifact
from numeri_cli.records import ModelSlot, Receipt, Round


@dataclass(frozen=True)
class Ready:
    """A prediction file for one model of the account.

    artifact: the id of the trained model it came from, None for a file of the user's
    """

    model: ModelSlot
    file: Path
    artifact: str | None = None


def live_ids(live: Path) -> list[str]:
    """The ids of a live file."""
    return [str(value) for value in DataFile.open(live).ids()]


def predict_live(context: Context, artifact: Artifact, live: Path, round_: Round) -> Path:
    """A model's predictions for the round, kept under the round's number."""
    model = artifact.contract.model
    folder = context.home.predictions(context.tournament) / f"{round_.number:04d}"
    return predict(context, artifact, live, folder / f"{model}.parquet").path


def send(
    context: Context,
    ready: Ready,
    round_: Round,
    *,
    live: Path,
    late: bool = False,
    dry_run: bool = False,
) -> ModelOutcome:
    """Check a prediction file against the round's live ids, upload it, wait for the proof."""
    checked = check_predictions(ready.file, live_ids(live), rules=context.endpoint.kind.predictions)
    receipt = submit_checked(
        context.client,
        context.ledger,
        tournament=context.tournament,
        model=ready.model,
        round_=round_,
        predictions=checked,
        late=late,
        dry_run=dry_run,
        listener=context.listener,
    )
    return _outcome(ready, round_, receipt, rows=checked.rows)


def _outcome(ready: Ready, round_: Round, receipt: Receipt | None, *, rows: int) -> ModelOutcome:
    return ModelOutcome(
        model=ready.model.name,
        state="accepted" if receipt else "checked",
        round_number=receipt.round_number if receipt else round_.number,
        server_id=receipt.server_id if receipt else None,
        timing=receipt.timing if receipt else None,
        selected=receipt.selected if receipt else False,
        artifact=ready.artifact,
        predictions=ready.file,
        rows=rows,
    )


def source_of(context: Context, source: str, *, model: str | None) -> tuple[str, Path | None]:
    """What a word on the command line means: a prediction file for a model, or a model.

    Returns the model's name and the file, None for a model that is to predict. A word with a
    suffix or a separator is a file.
    Raises ModelUnknown where it is neither, or where a file's model is not clear.
    """
    looks_like_file = source.endswith((".csv", ".parquet")) or "/" in source
    if not looks_like_file and source in context.profile.models:
        return source, None
    if not looks_like_file and not Path(source).exists():
        context.profile.model(source)  # refuses, naming the nearest
    if model is None:
        names = list(context.profile.models)
        if len(names) != 1:
            raise ModelUnknown(
                f"{source} could be for any of {', '.join(names)}",
                hint=f"say which: --model {names[0]}",
            )
        model = names[0]
    return model, Path(source)


def ready_model(context: Context, slot: ModelSlot, live: Path, round_: Round) -> Ready:
    """A trained model's predictions for the round. Raises ModelUntrained."""
    artifact = trained(context, slot.name)
    file = predict_live(context, artifact, live, round_)
    return Ready(slot, file, artifact.contract.artifact_id)
