"""numeri predict: a trained model's predictions for a data file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.artifacts import open_model
from numeri_cli.commands.blends import parts_first
from numeri_cli.commands.context import Context
from numeri_cli.commands.made_by import note_maker
from numeri_cli.commands.words import chosen_models, data_file
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import UsageProblem
from numeri_cli.notify.message import GuardFinding
from numeri_cli.published import Published


@dataclass(frozen=True)
class PredictionFile(Published):
    """One file that was written.

    findings: what the guard says of the profile; artifact: what predicted; None for a blend
    """

    model: str
    path: Path
    rows: int
    eras: int
    findings: tuple[GuardFinding, ...] = ()
    artifact: str | None = None


@dataclass(frozen=True)
class PredictionFiles(Published):
    """Prediction files that were written."""

    files: tuple[PredictionFile, ...]


def predict(
    context: Context,
    models: Sequence[str],
    *,
    data: str = "live",
    output: Path | None = None,
    artifact: str | None = None,
    raw: bool = False,
) -> PredictionFiles:
    """Write each model's predictions for a data file: what a round takes where its rows are live.

    For any other rows each prediction's `era` stands beside it.
    models: all of the profile where none is named; data: as `data_file` takes it
    output: for one model alone; in the current directory where None
    artifact: an older one of the model; raw: without neutralization
    Raises ModelUnknown, ModelUntrained, UsageProblem and what reading the data raises.
    """
    names = chosen_models(context, models)
    if artifact is not None and len(names) > 1:
        raise UsageProblem(
            "--artifact names one model's artifact, but several models are to predict",
            hint=f"name one model: numeri predict {names[0]} --artifact …",
        )
    if output is not None and len(names) > 1:
        raise UsageProblem(
            "--output names one file, but several models are to predict",
            hint=f"name one model: numeri predict {names[0]} --output …",
        )
    source = data_file(context, data)
    with_era = not DataFile.open(source).is_live()
    files = []
    for name in parts_first(context, names):
        model = open_model(context, name, artifact_id=artifact)
        path = output or Path(f"{name}-{source.stem}.parquet")
        done = model.predict(
            source,
            path.absolute(),
            with_era=with_era,
            neutral=not raw,
        )
        if with_era:
            note_maker(context, done.path, model)
        finding = model.profile_finding()
        told = (finding,) if finding is not None else ()
        made_by = None if model.parts else model.artifact.contract.artifact_id
        files.append(
            PredictionFile(name, done.path, done.rows, len(done.eras), told, artifact=made_by)
        )
    return PredictionFiles(tuple(files))
