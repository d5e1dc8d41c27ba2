"""numeri datasets: what the tournament offers, what of it is here, and what is kept binned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.learning.cached_data import cached_data
from numeri_cli.published import Published


@dataclass(frozen=True)
class OfferedFile(Published):
    """A file of the tournament, and what of it is here."""

    name: str
    here: bool
    size_bytes: int | None
    round_number: int | None
    time: datetime | None
    path: Path


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
    """What the tournament offers, what of it is here, and what trainings keep of it binned."""

    tournament: str
    files: tuple[OfferedFile, ...]
    binned: tuple[BinnedData, ...]
    binned_folder: Path


def datasets(context: Context, *, every: bool) -> Datasets:
    """What can be downloaded and what is here of it.

    every: of other data versions, too
    Raises what the client and the ledger raise.
    """
    return Datasets(
        tournament=context.tournament,
        files=tuple(
            file
            for file in offered(context)
            if every or file.name.startswith(f"{context.data_version}/")
        ),
        binned=binned(context),
        binned_folder=context.home.binned(context.tournament),
    )


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
