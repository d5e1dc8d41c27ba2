"""A plan as text: what a worker gets to know, and nothing else of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from numeri_cli.dataset.scale import FeatureScale
from numeri_cli.errors import ClusterUnsafe
from numeri_cli.learning.era_weights import FileWeights
from numeri_cli.learning.plan import PlannedWindow, TrainingPlan
from numeri_cli.learning.residual import Residual
from numeri_cli.model_spec import FROM_LIST, ModelSpec, Words

FORMAT = 1


class _Wire(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", ser_json_inf_nan="constants"
    )


class WireFile(_Wire):
    """A data file by its name, size in bytes and SHA-256."""

    name: str
    size_bytes: int
    digest: str


class WireWindow(_Wire):
    """The eras of a window."""

    eras: Words
    held_out_eras: Words


class WireWeights(_Wire):
    """Weights of eras as a file of the profile gives them: (number of the era, weight)."""

    name: str
    digest: str
    by_time: Annotated[tuple[Annotated[tuple[float, float], FROM_LIST], ...], FROM_LIST]


class WirePlan(_Wire):
    """A training plan.

    place: the folder or object store where the files are
    modules: of somebody's class, by their relative paths
    versions: what a worker has to have, by name
    residual_digests: file → SHA-256 of what is taken out of the targets; its values go apart
    """

    format: int
    name: str
    tournament: str
    data_version: str
    spec: ModelSpec
    features: Words
    place: str
    files: Annotated[tuple[WireFile, ...], FROM_LIST]
    windows: Annotated[tuple[WireWindow, ...], FROM_LIST]
    whole_eras: Words
    era_weights: WireWeights | None
    residual: str | None
    residual_digests: dict[str, str]
    modules: dict[str, str]
    versions: dict[str, str]
    force: bool

    def window(self, number: int) -> PlannedWindow:
        """The eras of one of its windows."""
        found = self.windows[number]
        return PlannedWindow(found.eras, found.held_out_eras)

    def file_weights(self) -> FileWeights | None:
        """The weights of eras that the profile's file gives."""
        given = self.era_weights
        if given is None:
            return None
        return FileWeights(Path(given.name), given.digest, dict(given.by_time))


class WireModel(_Wire):
    """A trained model and the data file that it is to predict.

    members: (file, SHA-256 of its content), which goes apart
    place, modules, versions: as a plan has them
    """

    name: str
    data_version: str
    features: Words
    spec: ModelSpec
    scale: FeatureScale | None
    members: Annotated[tuple[Annotated[tuple[str, str], FROM_LIST], ...], FROM_LIST]
    place: str
    file: WireFile
    modules: dict[str, str]
    versions: dict[str, str]


@dataclass(frozen=True)
class PlanContent:
    """A plan as it travels: its text, and (rows of each file,) what is taken out of targets."""

    text: str
    residual: tuple[npt.NDArray[np.float64], ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of everything in it, in hex."""
        hasher = hashlib.sha256(self.text.encode())
        for values in self.residual:
            hasher.update(np.ascontiguousarray(values).tobytes())
        return hasher.hexdigest()

    def residual_of(self, plan: WirePlan) -> Residual | None:
        """What is taken out of the targets; None where nothing is."""
        if plan.residual is None:
            return None
        return Residual(plan.residual, dict(plan.residual_digests), self.residual)


def content_of(
    plan: TrainingPlan,
    *,
    place: str,
    modules: Mapping[str, str],
    versions: Mapping[str, str],
    secrets: Sequence[str],
) -> PlanContent:
    """What is sent of a plan.

    place: where workers find the data; secrets: keys, none of which may stand in it
    Raises ClusterUnsafe where one does.
    """
    data, weights, residual = plan.data, plan.data.era_weights, plan.data.residual
    made = WirePlan(
        format=FORMAT,
        name=plan.name,
        tournament=plan.workspace.tournament,
        data_version=plan.workspace.data_version,
        spec=plan.spec,
        features=data.features,
        place=place,
        files=tuple(
            WireFile(
                name=source.data.path.name,
                size_bytes=source.data.path.stat().st_size,
                digest=source.digest,
            )
            for source in data.sources
        ),
        windows=tuple(
            WireWindow(eras=one.eras, held_out_eras=one.held_out_eras) for one in plan.windows
        ),
        whole_eras=plan.whole_eras,
        era_weights=None
        if weights is None
        else WireWeights(
            name=weights.path.name, digest=weights.digest, by_time=tuple(weights.by_time.items())
        ),
        residual=None if residual is None else residual.name,
        residual_digests={} if residual is None else residual.digests,
        modules=dict(modules),
        versions=dict(versions),
        force=plan.force,
    )
    text = made.model_dump_json()
    require_no_secret(text, modules, secrets)
    return PlanContent(text, () if residual is None else residual.values)


def require_no_secret(text: str, modules: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Raise ClusterUnsafe where a key of the tournament would travel to the workers."""
    known = [secret for secret in secrets if secret]
    for name, source in modules.items():
        if any(secret in source for secret in known):
            raise ClusterUnsafe(
                f"a key of the tournament stands in {name}, which workers would get to see",
                hint="take it out of the file: keys belong to `numeri login`",
            )
    if any(secret in text for secret in known):
        raise ClusterUnsafe(
            "a key of the tournament stands in what workers would get to see of the profile",
            hint="take it out of the profile: keys belong to `numeri login`",
        )
