"""What a model is trained on: names resolved, files opened, eras chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from numeri_cli.dataset.eras import (
    before_purge,
    chosen_eras,
    era_number,
    purge_eras,
    require_times,
    sort_eras,
)
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.scale import FeatureScale, scale_of
from numeri_cli.dataset.targets import check_target
from numeri_cli.errors import FileMissing, TargetMissing, UsageProblem
from numeri_cli.learning.era_weights import FileWeights
from numeri_cli.learning.neutralizing import feature_names, resolved
from numeri_cli.learning.residual import Residual
from numeri_cli.learning.rows import Source, open_sources, rows_of_eras, with_target
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import ModelSpec, Neutralization
from numeri_cli.tournaments import CLASSIC


@dataclass(frozen=True)
class TrainingData:
    """A model's files, opened, and its sets of features as names.

    purge_eras: to be left out between training and test, by the longest target
    era_weights: what the profile's file says; None where it names none
    residual: what is taken out of the targets; None where nothing is
    """

    sources: tuple[Source, ...]
    features: tuple[str, ...]
    neutralization: Neutralization | None
    purge_eras: int
    era_weights: FileWeights | None = None
    residual: Residual | None = None

    @property
    def digests(self) -> dict[str, str]:
        """The files behind a model, by name: SHA-256 of their bytes."""
        found = {source.data.path.name: source.digest for source in self.sources}
        return found | self._inputs

    @property
    def _inputs(self) -> dict[str, str]:
        """The files beside the data that members depend on."""
        found = {} if self.residual is None else dict(self.residual.digests)
        if self.era_weights is not None:
            found[self.era_weights.path.name] = self.era_weights.digest
        return found

    @property
    def inputs_digest(self) -> str:
        """A mark of what else than data and profile the members depend on; "" where nothing."""
        if not self._inputs:
            return ""
        parts = [self.residual.name if self.residual else "", sorted(self._inputs.items())]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def eras(self) -> tuple[str, ...]:
        """Every era of the files, in order of time."""
        return sort_eras(self.sources[0].eras)

    @cached_property
    def scale(self) -> FeatureScale | None:
        """The scale of the model's features over all files."""
        return scale_of([source.data for source in self.sources], self.features)

    @property
    def neutralize_features(self) -> tuple[str, ...]:
        """What predictions are made independent of; empty where of nothing."""
        return feature_names(self.neutralization)


def open_training_data(spec: ModelSpec, workspace: Workspace) -> TrainingData:
    """Resolve a model's sets to names, open its files, check its targets.

    Raises FileMissing, FileDamaged, FileForeign, FeatureUnknown, TargetUnknown, TargetAlias.
    """
    features = workspace.feature_file.features(spec.features)
    neutralization = resolved(spec.neutralization, workspace.feature_file)
    files = []
    for name in spec.data:
        data = DataFile.open(workspace.dataset / f"{name}.parquet")
        data.require(features)
        for target in spec.targets:
            check_target(data, target)
        files.append((data, workspace.digest_of(data.path)))
    sources = open_sources(files)
    require_times(sources[0].eras, source=" and ".join(data.path.name for data, _ in files))
    return TrainingData(
        sources,
        features,
        neutralization,
        purge_eras(spec.targets),
        era_weights=_file_weights(spec, workspace),
        residual=_residual(spec, workspace, sources),
    )


def _file_weights(spec: ModelSpec, workspace: Workspace) -> FileWeights | None:
    name = spec.era_weights.file
    return None if name is None else FileWeights.read((workspace.module_folder or Path()) / name)


def _residual(
    spec: ModelSpec, workspace: Workspace, sources: tuple[Source, ...]
) -> Residual | None:
    """What is taken out of the targets: a benchmark, else a model of one's own as backtested.

    Raises FileMissing where there is neither, and what reading either raises.
    """
    name = spec.residual_to
    if name is None:
        return None
    files = [workspace.dataset / CLASSIC.files.benchmarks_of(part) for part in spec.data]
    here = [path for path in files if path.is_file()]
    if len(here) == len(files) and all(name in DataFile.open(path).columns for path in here):
        return Residual.of_benchmark(name, here, sources)
    walked = workspace.backtest(name)
    if walked.is_file():
        return Residual.of_model(name, walked, sources)
    known = f"benchmarks are {_benchmarks(here[0])}; " if here else ""
    raise FileMissing(
        f"residual_to names {name!r}, which is no benchmark of {', '.join(p.name for p in files)}"
        " and no model that was backtested here",
        hint=f"{known}`numeri backtest {name}` makes the predictions of a model of your own",
    )


def _benchmarks(path: Path) -> str:
    names = DataFile.open(path).columns
    return ", ".join(name for name in names if name not in ("id", "era", "data_type"))


def training_eras(spec: ModelSpec, data: TrainingData) -> tuple[str, ...]:
    """The eras that may train: all of train; with validation, those before the frontier.

    The frontier is where targets stop being resolved. The first era to be predicted comes after
    the data's last, so eras within the purge of it are left out, as are unresolved ones.
    """
    eras = data.eras
    if "validation" not in spec.data:
        return eras
    last_resolved = min(_last_resolved(data, target) for target in spec.targets)
    frontier = min(era_number(eras[-1]) + 1 - data.purge_eras, last_resolved + 1)
    chosen = tuple(era for era in eras if era_number(era) < frontier)
    if not chosen:
        raise TargetMissing(
            f"no era of the data is {data.purge_eras} eras before its end",
            hint="take data with a longer history",
        )
    return chosen


def within_window(eras: Sequence[str], spec: ModelSpec) -> tuple[str, ...]:
    """Those of the eras that lie in the model's `train_window`, in order of time.

    Raises UsageProblem where a range of it holds none of them.
    """
    window = (spec.train_window,) if isinstance(spec.train_window, str) else spec.train_window
    return chosen_eras(eras, window)


def thinned(eras: Sequence[str], spec: ModelSpec) -> tuple[str, ...]:
    """Those of the eras that train a model, in order of time: every `era_stride`-th."""
    return tuple(eras[:: spec.era_stride])


def _last_resolved(data: TrainingData, target: str) -> float:
    rows = rows_of_eras(data.sources, data.eras)
    return max(era_number(era) for era in with_target(rows, target).rows.chosen_eras())


def hold_out(
    eras: Sequence[str], *, held_out: int, purge: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The eras that train and the last ones that stop it early, purged in between."""
    if not held_out:
        return tuple(eras), ()
    last = tuple(eras[-held_out:])
    train = before_purge(eras[:-held_out], first_test_era=last[0], purge=purge)
    if not train:
        raise UsageProblem(
            f"holding out {held_out} of {len(eras)} eras, {purge} purged, leaves none to train on",
            hint="hold out fewer, or take more data",
        )
    return train, last
