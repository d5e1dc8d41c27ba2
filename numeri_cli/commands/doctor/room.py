"""Whether disk and memory suffice for what the profile trains."""

from __future__ import annotations

from collections.abc import Iterator

from numeri_cli.commands.context import Context
from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, cannot_know, fine, mend
from numeri_cli.commands.download import missing
from numeri_cli.commands.ready import is_ready
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import EstimatorInvalid, ModelError, NumeriError
from numeri_cli.files import free_bytes
from numeri_cli.learning.estimators.base import footprint_of
from numeri_cli.learning.memory import GIGABYTE, Footprint, TrainingShape, available_bytes
from numeri_cli.model_spec import ModelSpec

name = "room"
own_errors: tuple[type[NumeriError], ...] = ()
SPARE_DISK_BYTES = 200 * 10**6  # a live file, predictions, the ledger and the log


def look(examination: Examination) -> Iterator[Finding]:
    """Free disk for a round first; then what each model's training would take."""
    home = examination.context.home
    free = free_bytes(home.data)
    if free < SPARE_DISK_BYTES:
        yield mend(
            name,
            "disk_short",
            f"{free / GIGABYTE:.2f} GB of disk are free at {home.data}: too little for a round",
            hint="`numeri clean` removes what no round needs; or free some space elsewhere",
        )
    yield from _of_trainings(examination, free=free)


def _of_trainings(examination: Examination, *, free: int) -> Iterator[Finding]:
    context, available = examination.context, available_bytes()
    unknown, found = [], []
    for model, spec in context.profile.models.items():
        if _is_used_as_it_is(context, model):
            continue
        needed = _needed(examination, spec)
        if needed is None:
            unknown.append(model)
            continue
        for what, code, bytes_needed, bytes_there in (
            ("memory", "memory_short", needed.memory_bytes, available),
            ("disk", "disk_short", needed.disk_bytes, free),
        ):
            if bytes_needed > bytes_there:
                found.append(
                    mend(
                        name,
                        code,
                        f"training {model} takes about {bytes_needed / GIGABYTE:.1f} GB of {what},"
                        f" and {bytes_there / GIGABYTE:.1f} GB are free",
                        hint="take fewer features or a larger era_stride in the profile",
                    )
                )
    yield from found
    if unknown:
        yield cannot_know(
            name,
            "data_missing",
            f"what training {', '.join(unknown)[:200]} takes shows once the data is here",
            hint="`numeri download` brings it",
        )
    elif not found:
        yield fine(
            name,
            f"{free / GIGABYTE:.1f} GB of disk and {available / GIGABYTE:.1f} GB of memory are"
            " free, enough for every training",
        )


def _is_used_as_it_is(context: Context, model: str) -> bool:
    try:
        return is_ready(context, model)
    except ModelError:  # told where it is used
        return False


def _needed(examination: Examination, spec: ModelSpec) -> Footprint | None:
    """What a training takes of memory and disk at most; None without its data."""
    context = examination.context
    names = [context.files.named(part) for part in spec.data]
    if missing(context, (context.files.features, *names)):
        return None
    features = context.workspace.feature_file.features(spec.features)
    rows = sum(DataFile.open(context.file(one)).rows for one in names) // spec.era_stride
    try:
        return footprint_of(
            spec.estimator,
            TrainingShape(rows, len(features), five_valued=True),
            module_folder=context.workspace.module_folder,
        )
    except EstimatorInvalid:
        return None  # it is told where it is trained
