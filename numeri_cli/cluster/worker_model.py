"""A trained model, opened on a worker, that predicts eras of a data file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from numeri_cli.cluster.machine import Machine
from numeri_cli.cluster.wire import WireModel
from numeri_cli.cluster.worker_listener import WorkerListener
from numeri_cli.cluster.worker_plan import forget_modules, require_versions
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ArtifactDamaged
from numeri_cli.learning.estimators.base import FloatArray, make_estimator
from numeri_cli.learning.plan import versions_of
from numeri_cli.learning.prediction import FittedModel, raw_predictions


@dataclass(frozen=True)
class ModelAtWork:
    """A model and the file that it predicts."""

    digest: str
    fitted: FittedModel
    data: DataFile

    @classmethod
    def open(cls, content: Any, machine: Machine) -> ModelAtWork:
        """Check the members by their digests, open them and the data.

        Raises ArtifactDamaged, ClusterMismatch, and what reading the data raises.
        """
        model = WireModel.model_validate_json(content.text)
        require_versions(model.versions, versions_of(model.versions), machine="the worker")
        forget_modules(machine.folder / "modules")
        folder = machine.modules(model.modules)
        estimator = make_estimator(model.spec.estimator, module_folder=folder)
        members = []
        for (name, digest), member in zip(model.members, content.contents, strict=True):
            if sha256(member).hexdigest() != digest:
                raise ArtifactDamaged(
                    f"{name} was altered on its way", hint="run the same command again"
                )
            members.append(
                estimator.load(member, features=model.features, source=Path(name), digest=digest)
            )
        fitted = FittedModel(
            name=model.name,
            data_version=model.data_version,
            features=model.features,
            spec=model.spec,
            scale=model.scale,
            members=tuple(members),
        )
        return cls(content.digest, fitted, DataFile.open(machine.file(model.place, model.file)))

    def predict(self, eras: Sequence[str], listener: WorkerListener) -> list[FloatArray]:
        """For each of these eras (n, members) what each member says of its rows."""
        found: dict[str, FloatArray] = {}
        for one in raw_predictions(self.fitted, self.data, eras=eras):
            listener.go_on()
            found[one.era] = one.raw
        return [found[era] for era in eras]
