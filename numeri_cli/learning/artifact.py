"""A trained model on disk: its members and the contract they were made under."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ArtifactDamaged, ArtifactForeign, DiskError, ModelUntrained
from numeri_cli.files import NEW_FILE, disk_errors, safe_name, sync_folder, write_text
from numeri_cli.learning.contract import Contract, MemberRecord
from numeri_cli.learning.estimators.base import Estimator, Fitted, make_estimator
from numeri_cli.learning.prediction import EraModel, FittedModel

CONTRACT = "model.json"
UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class ModelParcel:
    """A trained model as files: what it was made under, and what its members' files hold.

    contents: in the order of the contract's members
    """

    contract: Contract
    contents: tuple[bytes, ...]
    module_folder: Path | None


class Predictors(Protocol):
    """Other machines, which predict with trained models."""

    def model(self, parcel: ModelParcel, data: DataFile, *, digest: str) -> EraModel:
        """The model, whose members predict this file there; digest: SHA-256 of its bytes."""


@dataclass(frozen=True)
class Artifact:
    """A folder with model.json and one file for each member.

    digest: SHA-256 of model.json, in hex
    """

    folder: Path
    contract: Contract
    digest: str

    @classmethod
    def save(
        cls,
        model: Path,
        contract: Contract,
        files: Mapping[str, bytes],
        *,
        vouch: Callable[[Artifact], None] = lambda artifact: None,
    ) -> Artifact:
        """Write an artifact into the folder of its model, in one step.

        vouch: hears of it once it is whole, right before that step: what is found under its name
            was vouched for, wherever this is killed
        Raises DiskError and what `vouch` raises.
        """
        final = model / safe_name(contract.artifact_id)
        part = model / f".{contract.artifact_id}.{os.getpid()}.part"
        text = contract.to_json()
        with disk_errors(final):
            try:
                part.mkdir(parents=True)
                for name, content in files.items():
                    # the owner's work: nobody else reads it
                    with os.fdopen(os.open(part / safe_name(name), NEW_FILE, 0o600), "wb") as file:
                        file.write(content)
                        file.flush()
                        os.fsync(file.fileno())
                write_text(part / CONTRACT, text, mode=0o600)
                saved = cls(final, contract, hashlib.sha256(text.encode()).hexdigest())
                vouch(saved)
                part.rename(final)
                sync_folder(model)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        return saved

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
        return cls(folder, contract, hashlib.sha256(content).hexdigest())

    def fitted(
        self, *, digests: Mapping[str, str] | None = None, module_folder: Path | None = None
    ) -> FittedModel:
        """The model, ready to predict.

        digests: file → SHA-256 as the ledger has it; needed where opening a file runs code
        module_folder: where else modules are looked for
        Raises ArtifactDamaged, EstimatorInvalid.
        """
        contract = self.contract
        estimator = make_estimator(contract.spec.estimator, module_folder=module_folder)
        return FittedModel(
            name=contract.model,
            data_version=contract.data_version,
            features=contract.features,
            spec=contract.spec,
            scale=contract.scale,
            members=tuple(
                self._member(record, estimator, digests or {}) for record in contract.members
            ),
        )

    def parcel(
        self, *, digests: Mapping[str, str] | None = None, module_folder: Path | None = None
    ) -> ModelParcel:
        """The model with its members' contents, for machines that are to open it.

        digests, module_folder: as `fitted` takes them
        Raises ArtifactDamaged, EstimatorInvalid.
        """
        spec = self.contract.spec.estimator
        estimator = make_estimator(spec, module_folder=module_folder)
        contents = [
            self._content(record, estimator, digests or {}) for record in self.contract.members
        ]
        return ModelParcel(self.contract, tuple(contents), module_folder)

    def _member(
        self, record: MemberRecord, estimator: Estimator, digests: Mapping[str, str]
    ) -> Fitted:
        return estimator.load(
            self._content(record, estimator, digests),
            features=self.contract.features,
            source=self.folder / safe_name(record.file),
            digest=digests.get(record.file),
        )

    def _content(
        self, record: MemberRecord, estimator: Estimator, digests: Mapping[str, str]
    ) -> bytes:
        """What a member's file holds, once it may be opened."""
        path = self.folder / safe_name(record.file)
        if not path.is_file():
            raise ArtifactDamaged(f"{path} is missing", hint="train the model again")
        with disk_errors(path):
            content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != record.digest:
            raise ArtifactDamaged(
                f"{path} was altered after the training", hint="train the model again"
            )
        if not estimator.opens_safely and record.file not in digests:
            raise ArtifactDamaged(
                f"the ledger does not know {path}, and opening it could run code",
                hint="train the model on this machine, or trust what it came in: `numeri models"
                " trust`, then `numeri models import`",
            )
        return content


def artifacts(
    folder: Path,
    *,
    tournament: str,
    passed_over: Callable[[ArtifactDamaged | ArtifactForeign], None] = lambda _: None,
) -> tuple[Artifact, ...]:
    """Every sound artifact in a model's folder, newest first.

    passed_over: hears what is wrong with each of the others
    """
    found = []
    for path in _newest_first(folder):
        if not (path / CONTRACT).is_file():
            continue
        try:
            found.append(Artifact.open(path, tournament=tournament))
        except (ArtifactDamaged, ArtifactForeign) as error:
            passed_over(error)
    return tuple(found)


def find_artifact(folder: Path, *, tournament: str, artifact_id: str | None = None) -> Artifact:
    """The newest artifact in a model's folder, or the one of this id.

    folder: called as the model
    Raises ModelUntrained where there is none; ArtifactDamaged where the newest is.
    """
    model = folder.name
    if artifact_id is not None:
        chosen = folder / safe_name(artifact_id)
        if not (chosen / CONTRACT).is_file():
            raise ModelUntrained(
                f"model {model} has no artifact {artifact_id}",
                hint="`numeri models --local` lists them",
            )
        return _of_model(model, Artifact.open(chosen, tournament=tournament))
    kept = _newest_first(folder)
    if not kept:
        raise ModelUntrained(
            f"model {model} has not been trained for {tournament}",
            hint=f"`numeri train {model}` does it",
        )
    return _of_model(model, Artifact.open(kept[0], tournament=tournament))


def _of_model(name: str, artifact: Artifact) -> Artifact:
    """The artifact, where its contract names the model whose folder it lies in."""
    found = artifact.contract.model
    if found != name:
        raise ArtifactDamaged(
            f"{artifact.folder} holds the model {found[:40]!r} and lies in the folder of {name}",
            hint=f"move it back, or `numeri train {name}`",
        )
    return artifact


def has_artifact(folder: Path) -> bool:
    """Whether a model's folder has an artifact; what is wrong with it shows where it is opened."""
    try:
        return any((path / CONTRACT).is_file() for path in _newest_first(folder)[:1])
    except DiskError:
        return True


def _newest_first(folder: Path) -> list[Path]:
    """The folders of artifacts; a later one has a later name. Raises DiskError."""
    with disk_errors(folder):
        paths = list(folder.iterdir()) if folder.is_dir() else []
    kept = [path for path in paths if not path.name.startswith(".") and path.is_dir()]
    return sorted(kept, key=lambda path: path.name, reverse=True)
