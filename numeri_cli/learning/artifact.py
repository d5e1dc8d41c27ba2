"""A trained model on disk: boosters and the contract they were made under."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.errors import ArtifactDamaged, ArtifactForeign, ModelUntrained
from numeri_cli.files import disk_errors, safe_name, write_text
from numeri_cli.home import Home
from numeri_cli.learning.contract import Contract
from numeri_cli.learning.estimators.any_class import (
    Fitted,
    FittedLightGBM,
    load_estimator,
)
from numeri_cli.learning.plan import LIGHTGBM

CONTRACT = "model.json"
UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class Artifact:
    """A folder with model.json and one file per booster; a LightGBM one is LightGBM's text."""

    folder: Path
    contract: Contract

    @classmethod
    def save(cls, home: Home, contract: Contract, files: Mapping[str, bytes]) -> Artifact:
        """Write the folder under its final name in one step. Raises DiskError."""
        model = model_folder(home, contract.tournament, contract.model)
        final = model / safe_name(contract.artifact_id)
        part = model / f".{contract.artifact_id}.{os.getpid()}.part"
        with disk_errors(final):
            try:
                part.mkdir(parents=True)
                for name, content in files.items():
                    with (part / safe_name(name)).open("wb") as file:
                        file.write(content)
                        file.flush()
                        os.fsync(file.fileno())
                write_text(part / CONTRACT, contract.to_json())
                part.rename(final)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        return cls(final, contract)

    @classmethod
    def open(cls, folder: Path, *, tournament: str) -> Artifact:
        """Read the contract of an artifact.

        Raises ModelUntrained, ArtifactDamaged; ArtifactForeign where it was trained elsewhere.
        """
        path = folder / CONTRACT
        if not path.is_file():
            raise ModelUntrained(f"{folder} holds no trained model", hint="`numeri train` makes it")
        with disk_errors(path):
            content = path.read_bytes()
        contract = Contract.parse(content.decode(errors="replace"), source=path)
        if contract.tournament != tournament:
            raise ArtifactForeign(
                f"model {contract.model} was trained for the tournament {contract.tournament}, "
                f"not {tournament}",
                hint="train it on this tournament's data",
            )
        return cls(folder, contract)

    def members(
        self, *, digests: Mapping[str, str] | None = None, beside: Path | None = None
    ) -> tuple[Fitted, ...]:
        """The ensemble, each file checked against its digest.

        digests: file → SHA-256 as the ledger has it; needed for anything but LightGBM, since
        opening such a file runs code
        beside: where else modules are looked for
        Raises ArtifactDamaged.
        """
        return tuple(
            self._member(record.file, record.digest, digests or {}, beside)
            for record in self.contract.boosters
        )

    def _member(
        self, name: str, digest: str, digests: Mapping[str, str], beside: Path | None
    ) -> Fitted:
        path = self.folder / safe_name(name)
        if not path.is_file():
            raise ArtifactDamaged(f"{path} is missing", hint="train the model again")
        with disk_errors(path):
            content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ArtifactDamaged(
                f"{path} was altered after the training", hint="train the model again"
            )
        if self.contract.estimator == LIGHTGBM:
            return FittedLightGBM.parse(
                content.decode(), features=self.contract.features, source=path
            )
        if name not in digests:
            raise ArtifactDamaged(
                f"the ledger does not know {path}, and opening it could run code",
                hint="train the model on this machine",
            )
        return load_estimator(
            content,
            name=self.contract.estimator,
            digest=digests[name],
            source=path,
            beside=beside,
        )


def model_folder(home: Home, tournament: str, model: str) -> Path:
    """Where the artifacts of a model lie."""
    return home.models(tournament) / safe_name(model)


def artifacts(home: Home, tournament: str, model: str) -> tuple[Artifact, ...]:
    """Every sound artifact of a model, newest first; damaged ones are passed over."""
    folder = model_folder(home, tournament, model)
    if not folder.is_dir():
        return ()
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name, reverse=True):
        if path.name.startswith(".") or not (path / CONTRACT).is_file():
            continue
        try:
            found.append(Artifact.open(path, tournament=tournament))
        except (ArtifactDamaged, ArtifactForeign):
            continue
    return tuple(found)


def find_artifact(
    home: Home, tournament: str, model: str, artifact_id: str | None = None
) -> Artifact:
    """The newest artifact of a model, or the one of this id.

    Raises ModelUntrained where there is none; ArtifactDamaged where the newest is.
    """
    folder = model_folder(home, tournament, model)
    if artifact_id is not None:
        chosen = folder / safe_name(artifact_id)
        if not (chosen / CONTRACT).is_file():
            raise ModelUntrained(
                f"model {model} has no artifact {artifact_id}",
                hint="`numeri models --local` lists them",
            )
        return Artifact.open(chosen, tournament=tournament)
    names = sorted(
        (p.name for p in folder.glob("*") if not p.name.startswith(".") and p.is_dir()),
        reverse=True,
    )
    if not names:
        raise ModelUntrained(
            f"model {model} has not been trained for {tournament}",
            hint=f"`numeri train {model}` does it",
        )
    return Artifact.open(folder / names[0], tournament=tournament)
