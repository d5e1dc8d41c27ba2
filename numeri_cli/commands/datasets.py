"""numeri datasets: what the tournament offers, what of it is here, and what is kept binned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from numeri_cli.api.files.parts import Identity
from numeri_cli.api.files.sizes import bytes_to_come
from numeri_cli.commands.context import Context
from numeri_cli.errors import ApiError, TransferError
from numeri_cli.files import safe_relative
from numeri_cli.learning.cached_data import cached_data
from numeri_cli.published import Published


@dataclass(frozen=True)
class OfferedFile(Published):
    """A file of the tournament, and what of it is here.

    to_come_bytes: what a download would fetch, 0 where the copy here is the tournament's; None
    where nobody asked, the tournament does not say, or practice makes the file when it is asked for
    """

    name: str
    here: bool
    size_bytes: int | None
    round_number: int | None
    time: datetime | None
    path: Path
    to_come_bytes: int | None = None


@dataclass(frozen=True)
class BinnedData(Published):
    """A model's training data as LightGBM takes it, kept for the next training.

    used: when it last trained a model
    """

    key: str
    rows: int
    features: int
    size_bytes: int
    used: datetime


@dataclass(frozen=True)
class Datasets(Published):
    """What the tournament offers, what of it is here, and what trainings keep of it binned.

    folder: where downloaded files lie
    """

    tournament: str
    files: tuple[OfferedFile, ...]
    binned: tuple[BinnedData, ...]
    binned_folder: Path
    folder: Path


def datasets(context: Context, *, every: bool) -> Datasets:
    """What can be downloaded, how much of it would come, what is here of it. Needs no profile.

    every: of other data versions, too
    Raises what the client and the ledger raise.
    """
    shown = [
        file
        for file in offered(context)
        if every or file.name.startswith(f"{context.data_version}/")
    ]
    return Datasets(
        tournament=context.tournament,
        files=_with_sizes(context, shown),
        binned=binned(context),
        binned_folder=context.home.binned(context.tournament),
        folder=context.home.datasets(context.tournament),
    )


def _with_sizes(context: Context, files: Sequence[OfferedFile]) -> tuple[OfferedFile, ...]:
    """The files, each with what a download would fetch, until the server is in trouble."""
    looked: list[OfferedFile] = []
    bar = context.listener.task("looking at files", total=len(files), unit="files")
    try:
        with bar as task:
            for file in files:
                looked.append(replace(file, to_come_bytes=_to_come(context, file)))
                task.advance(1)
    except (ApiError, TransferError) as error:  # what is here is shown all the same
        context.listener.say(f"going on without further sizes: {error.message}")
    return (*looked, *files[len(looked) :])


def _to_come(context: Context, file: OfferedFile) -> int | None:
    """Bytes that a download would fetch; None for what practice is yet to make, to be downloaded.

    Raises what the client and its transfers raise.
    """
    if context.endpoint.is_practice and context.practice.waits_for_field(file.name):
        return None
    held = context.ledger.file(context.tournament, file.name) if file.here else None
    client = context.client
    found = bytes_to_come(
        connector=client.connector,
        get_url=lambda: client.dataset_url(file.name),
        destination=context.home.datasets(context.tournament) / safe_relative(file.name),
        known=Identity(held.etag or None, held.size_bytes) if held else None,
    )
    return 0 if found is None else found


def offered(context: Context) -> tuple[OfferedFile, ...]:
    """Every file the tournament lists, and what of it is here; other data versions too."""
    kept = {record.name: record for record in context.ledger.files(context.tournament)}
    folder = context.home.datasets(context.tournament)
    rows = []
    for name in sorted(context.client.list_datasets()):
        record = kept.get(name)
        path = folder / name if record else folder
        here = record is not None and path.is_file()
        rows.append(
            OfferedFile(
                name,
                here,
                record.size_bytes if record and here else None,
                record.round_number if record and here else None,
                record.time if record and here else None,
                path,
            )
        )
    return tuple(rows)


def binned(context: Context) -> tuple[BinnedData, ...]:
    """What this tournament's binned cache holds, most recently used first. Raises DiskError."""
    return tuple(
        BinnedData(
            entry.key,
            entry.rows,
            entry.features,
            entry.size_bytes,
            datetime.fromtimestamp(int(entry.used), UTC),
        )
        for entry in cached_data(context.home.binned(context.tournament))
    )
