"""What commands show that no room below has a record for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numeri_cli.commands.datasets import (
        BinnedData,
        OfferedFile,
    )
    from numeri_cli.ledger.entries import Attempt
    from numeri_cli.records import ModelSlot, Receipt


@dataclass(frozen=True)
class Written:
    """A profile that was written."""

    profile: Path
    tournament: str
    model: str
    next_steps: tuple[str, ...]


@dataclass(frozen=True)
class LoggedIn:
    """Keys that were stored."""

    account: str
    host: str
    scopes: tuple[str, ...]
    missing_scopes: tuple[str, ...]
    file: Path


@dataclass(frozen=True)
class LoggedOut:
    """Whether keys were forgotten."""

    host: str
    forgotten: bool


@dataclass(frozen=True)
class DownloadedRow:
    """One file."""

    name: str
    size_bytes: int
    unchanged: bool
    path: Path


@dataclass(frozen=True)
class Downloaded:
    """What was downloaded, or was already here."""

    files: tuple[DownloadedRow, ...]


@dataclass(frozen=True)
class Datasets:
    """What the tournament offers, what of it is here, and what trainings keep of it binned."""

    tournament: str
    files: tuple[OfferedFile, ...]
    binned: tuple[BinnedData, ...]
    binned_folder: Path


@dataclass(frozen=True)
class TrainedModelView:
    """An artifact, in a line."""

    model: str
    artifact: str
    features: int
    targets: tuple[str, ...]
    seeds: tuple[int, ...]
    eras: int
    rows: int
    dropped_rows: int
    trees: int
    seconds: float
    folder: Path


@dataclass(frozen=True)
class TrainedModels:
    """What was trained."""

    models: tuple[TrainedModelView, ...]


@dataclass(frozen=True)
class PredictionFile:
    """One of them."""

    model: str
    path: Path
    rows: int
    eras: int


@dataclass(frozen=True)
class PredictionFiles:
    """Prediction files that were written."""

    files: tuple[PredictionFile, ...]


@dataclass(frozen=True)
class RoundRow:
    """One round as this machine knows it."""

    number: int
    open_time: datetime
    deadline: datetime
    receipts: tuple[Receipt, ...]
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class RoundsView:
    """What the ledger remembers."""

    tournament: str
    rounds: tuple[RoundRow, ...]


@dataclass(frozen=True)
class Removed:
    """A practice tournament that is gone."""

    folder: Path


@dataclass(frozen=True)
class Added:
    """A model of the participant's."""

    model: str
    model_id: str


@dataclass(frozen=True)
class AccountModels:
    """The account's models."""

    models: tuple[ModelSlot, ...]


@dataclass(frozen=True)
class LocalArtifact:
    """A trained model on this machine."""

    model: str
    artifact: str
    newest: bool
    features: int
    targets: tuple[str, ...]
    eras: int
    trained_at: str
    folder: Path


@dataclass(frozen=True)
class LocalArtifacts:
    """Every artifact of one tournament."""

    tournament: str
    artifacts: tuple[LocalArtifact, ...]


@dataclass(frozen=True)
class BacktestView:
    """Out-of-sample predictions of one model."""

    model: str
    path: Path
    rows: int
    eras: int
    windows: int
    purge_eras: int


@dataclass(frozen=True)
class Backtests:
    """What was walked forward."""

    models: tuple[BacktestView, ...]
