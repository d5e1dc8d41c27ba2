"""A trained model whose members predict on other machines; everything after them is done here."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from numeri_cli.cluster import worker
from numeri_cli.cluster.connection import ClusterConnection
from numeri_cli.cluster.presence import Presence
from numeri_cli.cluster.told_error import told_error
from numeri_cli.cluster.wire import WireFile, WireModel, require_no_secret
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.scale import FeatureScale
from numeri_cli.errors import ArtifactForeign, MemberFailed
from numeri_cli.learning.artifact import ModelParcel
from numeri_cli.learning.estimators.base import FloatArray

TASKS_OF_WORKER = 4  # so that one that is slow does not keep all waiting


@dataclass(frozen=True)
class ModelContent:
    """A model as it travels: what it is, as text, and the contents of its members' files."""

    text: str
    contents: tuple[bytes, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything in it, in hex."""
        hasher = sha256(self.text.encode())
        for content in self.contents:
            hasher.update(content)
        return hasher.hexdigest()


def model_content(
    parcel: ModelParcel,
    file: WireFile,
    *,
    place: str,
    modules: Mapping[str, str],
    versions: Mapping[str, str],
    secrets: Sequence[str],
) -> ModelContent:
    """What is sent of a model and the data file that it is to predict.

    place, modules, versions, secrets: as `content_of` takes them
    Raises ClusterUnsafe where a key would travel.
    """
    contract = parcel.contract
    text = WireModel(
        name=contract.model,
        data_version=contract.data_version,
        features=contract.features,
        spec=contract.spec,
        scale=contract.scale,
        members=tuple((one.file, one.digest) for one in contract.members),
        place=place,
        file=file,
        modules=dict(modules),
        versions=dict(versions),
    ).model_dump_json()
    require_no_secret(text, modules, secrets)
    return ModelContent(text, parcel.contents)


@dataclass
class FarModel:
    """An EraModel whose members predict on workers, some eras in each task.

    tasks: era → (the task of its eras, its place among them); empty until the first is asked for
    """

    connection: ClusterConnection
    content: ModelContent
    name: str
    features: tuple[str, ...]
    scale: FeatureScale | None
    workers: int
    weights: None = None
    tasks: dict[str, tuple[Any, int]] = field(default_factory=dict)
    here: dict[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.presence = Presence(self.connection)

    def columns(self, data: DataFile) -> tuple[str, ...]:
        """Nothing: workers read the features. Raises ArtifactForeign where the file lacks one."""
        known = set(data.columns)
        absent = [name for name in self.features if name not in known]
        if absent:
            raise ArtifactForeign(
                f"model {self.name} needs features that {data.path} lacks: {absent[0]}",
                hint=f"`numeri train {self.name}` again on this data version",
            )
        return ()

    def predict_era(self, era: str, table: pa.Table, data: DataFile) -> FloatArray:
        """(n, members) what each member says of an era's rows, once its task is done.

        Raises ClusterLost, ClusterEmpty, MemberFailed, and what predicting raises on a worker.
        """
        if not self.tasks:
            self._send(data.eras().names)
        if era not in self.here:
            self._fetch(era)
        found = self.here.pop(era)
        if len(found) != table.num_rows:
            raise MemberFailed(
                f"a worker predicts {len(found):,} rows of era {era}, which has {table.num_rows:,}",
                hint="bring the same file to where `data` in [cluster] says",
            )
        return found

    def _send(self, eras: Sequence[str]) -> None:
        client = self.connection.client
        model = self.presence.shared(self.content, key=secrets.token_hex(6))
        each = max(1, math.ceil(len(eras) / (self.workers * TASKS_OF_WORKER)))
        for start in range(0, len(eras), each):
            some = tuple(eras[start : start + each])
            future = client.submit(worker.predict_eras, model, some, pure=False)
            self.tasks.update({era: (future, place) for place, era in enumerate(some)})

    def _fetch(self, era: str) -> None:
        """Bring the predictions of the task that has an era."""
        future = self.tasks[era][0]

        def failure(error: Exception) -> MemberFailed:
            words = str(error).splitlines() or [type(error).__name__]
            return MemberFailed(
                f"{self.name} could not predict era {era}: {words[0][:300]}",
                hint="look at the workers' own words where they were started",
            )

        report, arrays = self.presence.result(future, failure=failure)
        told = json.loads(report)
        if "error" in told:
            raise told_error(told["error"], where=f"{self.name} on {told['machine']}")
        for name, (other, place) in self.tasks.items():
            if other is future:
                self.here[name] = np.asarray(arrays[place], dtype=np.float64)
        future.release()
