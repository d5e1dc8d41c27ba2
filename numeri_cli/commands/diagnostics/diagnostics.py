"""numeri diagnostics: a validation file scored by the server and here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from numeri_cli.api import diagnostics as wire
from numeri_cli.api.client import Client
from numeri_cli.commands.account import slot_of, slots
from numeri_cli.commands.context import Context
from numeri_cli.commands.diagnostics.comparison import TOLERANCE, EraPairs, FigurePair, compare
from numeri_cli.commands.download import bring, bring_for_validation, missing
from numeri_cli.commands.submission.transfer import settle, upload
from numeri_cli.commands.validate.validate import validate_sources
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import IdColumn
from numeri_cli.dataset.targets import alias_of
from numeri_cli.errors import DiagnosticsFailed, DiagnosticsPending, FileMissing, NumeriError
from numeri_cli.progress import SILENT, Listener
from numeri_cli.published import Published
from numeri_cli.records import Diagnostics


@dataclass(frozen=True, kw_only=True)
class ComparedDiagnostics(Published):
    """What the server says of a file, what we say, and where the two part.

    id, status: of the server's diagnostics; model: of the account, where one was named
    figures, eras, shared_eras, only_server, only_here: see `DiagnosticsComparison`
    """

    id: str
    status: str
    model: str | None
    file: str
    target: str
    benchmark: str | None
    tolerance: float
    differ: bool
    figures: tuple[FigurePair, ...]
    eras: tuple[EraPairs, ...]
    shared_eras: int
    only_server: tuple[str, ...]
    only_here: tuple[str, ...]
    warnings: tuple[str, ...]


def diagnostics(
    context: Context,
    file: Path,
    *,
    model: str | None = None,
    target: str | None = None,
    benchmark: str | None = None,
) -> ComparedDiagnostics:
    """Score a file of validation predictions here, then have the server score it.

    model: of the account, to which the server puts the diagnostics down
    target: by default what the column `target` of the validation data stands for
    Raises FileMissing, ModelUnknown, and what validation and `diagnose` raise.
    """
    context.require_profile()
    context.make_practice()
    context.require_keys()
    if not file.is_file():
        raise FileMissing(
            f"there is no file {file}",
            hint="`numeri predict --data validation --output mine.parquet` writes one",
        )
    model_id = slot_of(slots(context), model).id if model is not None else None
    bring_for_validation(context)
    _bring_benchmarks(context)
    data = DataFile.open(context.file(context.files.validation))
    meant = target or alias_of(data)
    local = validate_sources(
        context,
        [str(file.absolute())],
        target=meant,
        benchmark=benchmark,
        eras=data.eras().names,  # the server scores those that the purge would leave out, too
    )
    found = diagnose(
        context.client,
        local.sources[0].predictions,
        model_id=model_id,
        listener=context.listener,
    )
    compared = compare(found, local.cards[0])
    return ComparedDiagnostics(
        id=found.id,
        status=found.status,
        model=model,
        file=str(file),
        target=local.target,
        benchmark=local.benchmark,
        tolerance=TOLERANCE,
        differ=compared.differ,
        figures=compared.figures,
        eras=compared.eras,
        shared_eras=compared.shared_eras,
        only_server=compared.only_server,
        only_here=compared.only_here,
        warnings=local.warnings,
    )


def _bring_benchmarks(context: Context) -> None:
    """For BMC; without them the figure is missing here."""
    benchmarks = context.files.benchmarks
    if missing(context, (benchmarks,)):
        try:
            bring(context, (benchmarks,))
        except NumeriError as error:
            context.listener.say(f"going on without {benchmarks}: {error.message}")


def content_of(predictions: IdColumn) -> bytes:
    """The file that diagnostics take: id and prediction, nothing else, as parquet."""
    table = pa.table({"id": predictions.ids, "prediction": predictions.values})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def diagnose(
    client: Client,
    predictions: IdColumn,
    *,
    model_id: str | None = None,
    listener: Listener = SILENT,
) -> Diagnostics:
    """Upload validation predictions, have them scored, wait for the figures.

    A status that is not known counts as "not yet" and is said; if figures are there when the time
    of the client's limits is over, they are taken under whatever word.
    Raises DiagnosticsFailed (the server's words), DiagnosticsPending, and what the client and
    upload raise.
    """
    name = f"{predictions.name}.parquet"
    filename = upload(
        client,
        content_of(predictions),
        name=name,
        authorize=lambda: wire.upload_authorization(client, name, model_id=model_id),
        listener=listener,
    )
    listener.step("diagnostics_uploaded")
    diagnostics_id = wire.create(client, filename, model_id=model_id)
    listener.step("diagnostics_created")

    def is_settled(found: Diagnostics) -> bool:
        if found.failed:
            raise DiagnosticsFailed(
                f"the server could not score {predictions.name}: {found.message or 'no reason'}",
                hint="mend what it names; a file needs every id of the eras that are in it",
            )
        return found.done

    last = settle(
        client,
        lambda: wire.diagnostics(client, diagnostics_id, model_id=model_id),
        is_settled=is_settled,
        listener=listener,
    )
    if last.found is None or not (last.settled or last.found.corr_mean is not None):
        raise DiagnosticsPending(
            f"the server has not finished diagnostics {diagnostics_id}: {last.word!r}",
            hint="look at them on the website, or run the same command later",
        )
    return last.found
