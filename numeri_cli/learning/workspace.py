"""Where models are trained: one tournament's folders, one data version, one profile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from numeri_cli.dataset.features import FeatureFile
from numeri_cli.files import digest_file, safe_name
from numeri_cli.home import Home
from numeri_cli.tournaments import CLASSIC


@dataclass(frozen=True)
class Workspace:
    """Where models are trained.

    tournament: the key under which everything local is kept
    dataset: the folder of the data version's files, which is called as the version
    profile: the profile's file, for its state in git and for modules beside it
    """

    home: Home
    tournament: str
    dataset: Path
    profile: Path | None = None

    @property
    def data_version(self) -> str:
        """Such as "v5.3"."""
        return self.dataset.name

    @cached_property
    def feature_file(self) -> FeatureFile:
        """The features.json of the data version, read once.

        Raises FileMissing, FileDamaged, FileForeign.
        """
        return FeatureFile.read(self.dataset / CLASSIC.files.features, folder=self.module_folder)

    @property
    def cache(self) -> Path:
        """The folder of data that estimators keep for the next training; may be deleted."""
        return self.home.binned(self.tournament)

    def artifacts(self, model: str) -> Path:
        """The folder of a model's artifacts."""
        return self.home.models(self.tournament) / safe_name(model)

    def lock(self, model: str) -> Path:
        """The lock of whoever trains this model."""
        return self.home.lock(self.tournament, f"train-{safe_name(model)}")

    def backtest(self, model: str) -> Path:
        """Where a model's out-of-sample predictions lie."""
        return self.home.predictions(self.tournament) / f"{safe_name(model)}-backtest.parquet"

    @property
    def module_folder(self) -> Path | None:
        """The folder in which an estimator's module may lie."""
        return self.profile.parent if self.profile else None

    def digest_of(self, path: Path) -> str:
        """SHA-256 of a data file, in hex; read again where size or times changed, and each day."""
        return digest_file(path, remembered_in=self.home.digests(self.tournament))
