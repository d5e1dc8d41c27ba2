"""numeri diagnostics: a validation file scored by the server and here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands import diagnostics as diagnosing
from numeri_cli.commands.account import (
    slot_of,
    slots,
)
from numeri_cli.commands.context import Context
from numeri_cli.commands.datasets import (
    bring,
    bring_for_validation,
    missing,
)
from numeri_cli.commands.diagnostics import Compared
from numeri_cli.commands.validate.validate import (
    validate_sources,
)
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.targets import alias_of
from numeri_cli.errors import FileMissing, NumeriError
from numeri_cli.records import Diagnostics


@dataclass(frozen=True, eq=False)
class Diagnosed:
    """What the server says of a file, what we say, and where the two part."""

    diagnostics: Diagnostics
    validation: Validation
    compared: Compared


def diagnose_file(
    context: Context,
    file: Path,
    *,
    model: str | None = None,
    target: str | None = None,
    benchmark: str | None = None,
) -> Diagnosed:
    """Score a file of validation predictions here, then have the server score it.

    model: of the account, to which the server puts the diagnostics down
    target: by default what the column `target` of the validation data stands for
    Raises FileMissing, ModelUnknown, and what validation and diagnostics raise.
    """
    if not file.is_file():
        raise FileMissing(
            f"there is no file {file}",
            hint="`numeri predict --data validation --output mine.parquet` writes one",
        )
    model_id = slot_of(slots(context), model).id if model is not None else None
    bring_for_validation(context)
    _bring_benchmarks(context)
    meant = target or alias_of(DataFile.open(context.file(context.files.validation)))
    local = validate_sources(context, [str(file.absolute())], target=meant, benchmark=benchmark)
    found = diagnosing.diagnose(
        context.client,
        local.sources[0].predictions,
        model_id=model_id,
        listener=context.listener,
    )
    return Diagnosed(found, local, diagnosing.compare(found, local.cards[0]))


def _bring_benchmarks(context: Context) -> None:
    """For BMC; without them the figure is missing here."""
    benchmarks = context.files.benchmarks
    if missing(context, (benchmarks,)):
        try:
            bring(context, (benchmarks,))
        except NumeriError as error:
            context.listener.say(f"going on without {benchmarks}: {error.message}")
