"""numeri download; and whatever files another command needs, brought here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from numeri_cli.commands import data_files
from numeri_cli.commands.context import Context
from numeri_cli.commands.data_files import DownloadedFile, is_as_downloaded
from numeri_cli.errors import DatasetUnknown, NumeriError
from numeri_cli.model_spec import ModelSpec, Neutralization
from numeri_cli.published import Published
from numeri_cli.records import Round
from numeri_cli.tournaments import DataFiles


@dataclass(frozen=True)
class DownloadedRow(Published):
    """One file; unchanged: it was here already."""

    name: str
    size_bytes: int
    unchanged: bool
    path: Path


@dataclass(frozen=True)
class DownloadedFiles(Published):
    """What was downloaded, or was already here."""

    files: tuple[DownloadedRow, ...]


def download(context: Context, words: Sequence[str], *, force: bool) -> DownloadedFiles:
    """Download files of this data version; the practice tournament is made where it is missing.

    words: such as "live" or "train.parquet"; the usual files where there are none
    force: even what did not change
    Raises DatasetUnknown, LiveDataStale, DiskFull and what the client and its transfers raise.
    """
    version = context.data_version  # a profile is not needed
    context.make_practice()
    names = tuple(file_name(word, version=version, files=context.files) for word in words)
    return DownloadedFiles(
        tuple(
            DownloadedRow(done.record.name, done.record.size_bytes, done.unchanged, done.path)
            for done in bring(context, names or context.files.usual, force=force)
        )
    )


def file_name(word: str, *, version: str, files: DataFiles) -> str:
    """A file's name from what people type: "live" and "v5.3/live.parquet" are "live.parquet".

    Raises DatasetUnknown for one of another data version.
    """
    folder, _, name = word.rpartition("/")
    if folder not in ("", version):
        raise DatasetUnknown(
            f"{word} is not of data version {version}",
            hint="`data_version` in the profile says which one is used",
        )
    return files.named(name)


def bring(
    context: Context,
    names: Sequence[str],
    *,
    round_number: int | None = None,
    opened: datetime | None = None,
    force: bool = False,
) -> tuple[DownloadedFile, ...]:
    """Download files of this data version, named without it; unchanged ones are left.

    round_number, opened: of the round that live files are for
    """
    return data_files.download(
        context.client,
        context.ledger,
        home=context.home,
        tournament=context.tournament,
        names=[f"{context.data_version}/{name}" for name in names],
        round_number=round_number,
        opened=opened,
        force=force,
        listener=context.listener,
    )


def bring_live(context: Context, round_: Round) -> Path:
    """The live file of this round. Raises LiveDataStale while it is still an earlier round's."""
    (live,) = bring(
        context, [context.files.live], round_number=round_.number, opened=round_.open_time
    )
    return live.path


def missing(context: Context, names: Sequence[str]) -> tuple[str, ...]:
    """Those of these files that are not here."""
    return tuple(name for name in names if not context.file(name).is_file())


def bring_for_training(context: Context, spec: ModelSpec) -> None:
    """Whatever a model's training needs and is not here."""
    needed = [context.files.features, *map(context.files.named, spec.data)]
    if spec.residual_to is not None and spec.residual_to not in context.profile.models:
        needed += map(context.files.benchmarks_of, spec.data)
    steps = spec.neutralization.steps if spec.neutralization else ()
    if any(step.benchmark for step in steps):
        needed += map(context.files.benchmarks_of, spec.data)
    absent = missing(context, needed)
    if absent:
        bring(context, absent)


def bring_benchmarks(context: Context, neutralization: Neutralization, data: Path) -> None:
    """The benchmark models' predictions for a data file, where a neutralization takes them out.

    Those of live data are asked for anew, as they change with each round.
    """
    if not any(step.benchmark for step in neutralization.steps):
        return
    name = context.files.benchmarks_of(data.name)
    if data.name == context.files.live or missing(context, (name,)):
        bring(context, (name,))


def bring_for_figures(context: Context) -> None:
    """What a model's CORR on validation data is made of; a word where it changed since it came."""
    absent = missing(context, (context.files.features, context.files.validation))
    if absent:
        bring(context, absent)
    name = f"{context.data_version}/{context.files.validation}"
    record = context.ledger.file(context.tournament, name)
    path = context.file(context.files.validation)
    digests = context.home.digests(context.tournament)
    if record is not None and not is_as_downloaded(record, path, digests=digests):
        context.listener.say(
            f"{path} is not what was downloaded: the figures are of what lies there now;"
            " `numeri download --force validation` brings the tournament's own"
        )


def bring_for_validation(context: Context) -> None:
    """What validation reads: targets and, where the tournament offers it, the meta model."""
    bring_for_figures(context)
    for name in missing(context, (context.files.meta_model,)):
        try:
            bring(context, (name,))
        except NumeriError as error:
            context.listener.say(f"going on without {name}: {error.message}")
