"""A model, walked forward: every era predicted by one that ended, purged, before it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from numeri_cli.dataset.eras import WINDOW_ERAS, Window, walk_forward
from numeri_cli.dataset.prediction_files import prediction_writer
from numeri_cli.errors import UsageProblem
from numeri_cli.files import disk_errors, safe_name
from numeri_cli.learning.estimators.base import Estimator, TrainingSettings
from numeri_cli.learning.plan import (
    KeptPlan,
    Machines,
    Member,
    PlannedWindow,
    TrainingPlan,
    trained_elsewhere,
)
from numeri_cli.learning.prediction import FittedModel, predict_file
from numeri_cli.learning.rows import rows_of_eras
from numeri_cli.learning.training import checked_estimator, held_out_rows, train_members
from numeri_cli.learning.training_data import (
    TrainingData,
    hold_out,
    open_training_data,
    thinned,
    within_window,
)
from numeri_cli.learning.workspace import Workspace
from numeri_cli.locks import held_lock
from numeri_cli.model_spec import ModelSpec
from numeri_cli.progress import SILENT, Listener


@dataclass(frozen=True)
class Backtest:
    """Out-of-sample predictions: columns id, era, prediction; every test era once, in order."""

    path: Path
    rows: int
    eras: tuple[str, ...]
    windows: tuple[Window, ...]
    purge_eras: int


def backtest(
    name: str,
    spec: ModelSpec,
    workspace: Workspace,
    *,
    window: int = WINDOW_ERAS,
    purge: int | None = None,
    stride: int = 1,
    machines: Machines | None = None,
    force: bool = False,
    listener: Listener = SILENT,
) -> Backtest:
    """Numerai's walk-forward scheme with one model; killed, it goes on at its window.

    window: eras predicted by one training; each is trained on all before, `purge` eras left out
    purge: derived from the targets' names where None, the longest horizon governing
    stride: every so many eras of the data are trained on and predicted, whatever `era_stride` says;
    1 leaves `era_stride` to thin the training, and predicts every era
    machines: who trains the members of all windows; this one where None, window after window
    One file of cached data serves all windows, targets and seeds.
    Raises UsageProblem where the history is too short, and what training raises.
    """
    with held_lock(workspace.lock(name), what=f"a training of {name}"):
        estimator = checked_estimator(name, spec, workspace=workspace)
        data = open_training_data(spec, workspace)
        purge = data.purge_eras if purge is None else purge
        walked = walk_forward(data.eras, purge=purge, window=window)
        windows = trainable(every(walked, data.eras[::stride]), within_window(data.eras, spec))
        if stride > 1:
            spec = spec.model_copy(update={"era_stride": 1})  # the windows are thinned already
        predictions = workspace.home.predictions(workspace.tournament)
        folder = _unfinished_folder(predictions, name, spec=spec, data=data, windows=windows)
        parts = walked_windows(
            name,
            spec,
            workspace,
            data=data,
            windows=windows,
            estimator=estimator,
            purge=purge,
            folder=folder,
            machines=machines,
            force=force,
            listener=listener,
        )
        output = workspace.backtest(name)
        rows = join_files(parts, output)
        for leftover in predictions.glob(f".backtest-{safe_name(name)}-{'?' * 16}"):
            shutil.rmtree(leftover, ignore_errors=True)
    eras = tuple(era for step in windows for era in step.test_eras)
    return Backtest(output, rows, eras, windows, purge)


def walked_windows(
    name: str,
    spec: ModelSpec,
    workspace: Workspace,
    *,
    data: TrainingData,
    windows: Sequence[Window],
    estimator: Estimator,
    purge: int,
    folder: Path,
    whole: Sequence[str] | None = None,
    after: Callable[[Window, tuple[Path, ...]], None] | None = None,
    machines: Machines | None = None,
    force: bool = False,
    listener: Listener = SILENT,
) -> tuple[Path, ...]:
    """Train on each window's eras and predict those that follow it; the files, in order of time.

    folder: where the files are put; those that are there already are left as they are
    whole: all eras that any training over this data sees, so that one cached file serves; by
    default those of these windows
    after: hears of each window with its files, before the next one begins; what it raises ends it
    machines: who trains the members; those of all windows at once, unless `after` may end the walk
    """
    trained_on = whole or [era for step in windows for era in thinned(step.train_eras, spec)]
    settings = TrainingSettings(
        spec=spec,
        features=data.features,
        cache=workspace.cache,
        unfinished=folder / "trainings",
        whole=rows_of_eras(data.sources, trained_on),
        era_weights=data.era_weights,
        residual=data.residual,
        force=force,
        listener=listener,
    )
    walk = _Walk(
        name, workspace, data, purge, estimator, settings, folder, tuple(windows), machines
    )
    if after is None:
        walk.bring(range(len(windows)))
    with listener.task("backtest", total=len(windows), unit="windows") as task:
        for number, step in enumerate(windows):
            walk.run(number, step)
            task.advance(1)
            if after is not None:
                after(step, walk.files(number, step))
    return tuple(path for n, step in enumerate(windows) for path in walk.files(n, step))


def every(windows: Sequence[Window], eras: Sequence[str]) -> tuple[Window, ...]:
    """The windows with these eras alone; without those that predict none of them."""
    kept = set(eras)
    thin = [
        Window(
            tuple(era for era in step.train_eras if era in kept),
            tuple(era for era in step.test_eras if era in kept),
        )
        for step in windows
    ]
    return tuple(step for step in thin if step.test_eras)


def trainable(windows: Sequence[Window], eras: Sequence[str]) -> tuple[Window, ...]:
    """The windows with those of their eras that may train; without those that have none.

    eras: that may train

    Raises UsageProblem where none is left.
    """
    kept = set(eras)
    narrowed = [
        Window(tuple(era for era in step.train_eras if era in kept), step.test_eras)
        for step in windows
    ]
    left = tuple(step for step in narrowed if step.train_eras)
    if not left:
        raise UsageProblem(
            "no era of train_window lies before the eras to be predicted",
            hint="walk in longer windows, or let train_window begin earlier",
        )
    return left


@dataclass(frozen=True)
class _Walk:
    """What the windows of one backtest have in common.

    folder: where the predictions of finished windows wait
    machines: who trains the members; this one where None
    """

    name: str
    workspace: Workspace
    data: TrainingData
    purge: int
    estimator: Estimator
    settings: TrainingSettings
    folder: Path
    windows: tuple[Window, ...]
    machines: Machines | None = None

    def bring(self, numbers: Iterable[int]) -> KeptPlan | None:
        """The members of those of these windows that are not done, trained elsewhere.

        None where this machine trains them itself.
        """
        if self.machines is None:
            return None
        settings = self.settings
        chosen = [self._eras(step) for step in self.windows]
        plan = TrainingPlan(
            name=self.name,
            spec=settings.spec,
            workspace=self.workspace,
            data=self.data,
            windows=tuple(PlannedWindow(eras, held_out) for eras, held_out in chosen),
            whole_eras=settings.whole.chosen_eras() if settings.whole else (),
            force=settings.force,
        )
        return trained_elsewhere(
            plan,
            self.machines,
            windows=[one for one in numbers if not self.is_done(one, self.windows[one])],
            estimator=self.estimator,
            folder=settings.unfinished,
            listener=settings.listener,
        )

    def is_done(self, number: int, step: Window) -> bool:
        """Whether a window's predictions wait already."""
        return all(path.exists() for path in self.files(number, step))

    def run(self, number: int, step: Window) -> None:
        """Train on a window's eras and predict those that follow, unless that was done."""
        if self.is_done(number, step):
            return
        model = self._train(number, step)
        pairs = zip(self.files(number, step), self._sources(step), strict=True)
        for path, place in pairs:
            predict_file(
                model,
                self.data.sources[place].data,
                path,
                neutralization=self.data.neutralization,
                eras=step.test_eras,
                with_era=True,
                listener=self.settings.listener,
            )
        self.settings.listener.step(f"window_{number}_done")

    def _eras(self, step: Window) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The eras that train a window's members, and those that end their training early."""
        return hold_out(
            thinned(step.train_eras, self.settings.spec),
            held_out=self.settings.spec.early_stopping_eras,
            purge=self.purge,
        )

    def _train(self, number: int, step: Window) -> FittedModel:
        eras, held_out_eras = self._eras(step)
        self.settings.listener.say(
            f"window {number + 1}: trained on eras {eras[0]} to {eras[-1]}, "
            f"{self.purge} purged, predicting {step.test_eras[0]} to {step.test_eras[-1]}"
        )
        brought = self.bring([number])
        members = self._members(eras, held_out_eras) if brought is None else brought.members(number)
        return FittedModel(
            name=self.name,
            data_version=self.workspace.data_version,
            features=self.data.features,
            spec=self.settings.spec,
            scale=self.data.scale,
            members=tuple(member.fitted(self.estimator, self.data.features) for member in members),
        )

    def _members(self, eras: Sequence[str], held_out_eras: Sequence[str]) -> tuple[Member, ...]:
        held_out = held_out_rows(
            self.settings.spec, self.data, eras=held_out_eras, listener=self.settings.listener
        )
        return train_members(
            self.name,
            rows_of_eras(self.data.sources, eras),
            estimator=self.estimator,
            settings=replace(self.settings, held_out=held_out),
        )

    def _sources(self, step: Window) -> tuple[int, ...]:
        """Positions of the files that hold any of a window's test eras."""
        rows = rows_of_eras(self.data.sources, step.test_eras)
        return tuple(place for place, mask in enumerate(rows.masks) if mask.any())

    def files(self, number: int, step: Window) -> tuple[Path, ...]:
        """Where a window's predictions wait."""
        names = [f"window-{number:03d}-{place}.parquet" for place in self._sources(step)]
        return tuple(self.folder / name for name in names)


def _unfinished_folder(
    predictions: Path,
    name: str,
    *,
    spec: ModelSpec,
    data: TrainingData,
    windows: Sequence[Window],
) -> Path:
    """Where finished windows wait; its name says everything the predictions depend on."""
    parts = [
        name,
        spec.model_dump(),
        [source.digest for source in data.sources],
        data.features,
        data.neutralize_features,
        data.inputs_digest,
        [asdict(step) for step in windows],
    ]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
    folder = predictions / f".backtest-{safe_name(name)}-{digest[:16]}"
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def join_files(parts: Sequence[Path], output: Path) -> int:
    """Write prediction files one after the other, era by era; how many rows there are."""
    with prediction_writer(output, with_era=True) as writer:
        for path in parts:
            with pq.ParquetFile(path) as file:
                for group in range(file.metadata.num_row_groups):
                    writer.append(file.read_row_group(group))
    return writer.rows
