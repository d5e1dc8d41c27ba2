"""A plan, walked forward: every era predicted by a model that ended, purged, before it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow.parquet as pq

from numeri_cli.dataset.eras import WINDOW_ERAS, Window, sort_eras, walk_forward
from numeri_cli.dataset.prediction_files import prediction_writer
from numeri_cli.files import disk_errors, safe_name
from numeri_cli.learning.plan import ModelPlan
from numeri_cli.learning.prediction import predict_file
from numeri_cli.learning.preparation import Prepared, Site, prepare
from numeri_cli.learning.rows import rows_of_eras
from numeri_cli.learning.training import TrainingSet, Workplace, hold_out, train_members
from numeri_cli.locks import held_lock
from numeri_cli.progress import SILENT, Listener


@dataclass(frozen=True)
class Backtest:
    """Out-of-sample predictions: columns id, era, prediction; every test era once, in order."""

    path: Path
    rows: int
    eras: tuple[str, ...]
    windows: tuple[Window, ...]
    purge_eras: int


@dataclass(frozen=True)
class _Terms:
    """What prediction needs to know of a window's model."""

    model: str
    data_version: str
    features: tuple[str, ...]
    missing_twos: str


def backtest(
    plan: ModelPlan,
    site: Site,
    *,
    window: int = WINDOW_ERAS,
    purge: int | None = None,
    force: bool = False,
    listener: Listener = SILENT,
) -> Backtest:
    """Numerai's walk-forward scheme with the plan's model; killed, it goes on at its window.

    window: eras predicted by one model; each is trained on all before, `purge` eras left out
    purge: derived from the targets' names where None, the longest horizon governing
    The plan's choice of eras (stride, range) holds for training; every test era is predicted.
    One binned file serves all windows, targets and seeds.
    Raises UsageProblem where the history is too short, and what training raises.
    """
    with held_lock(site.lock(plan.name), what=f"a training of {plan.name}"):
        return _backtest(plan, site, window=window, purge=purge, force=force, listener=listener)


def _backtest(
    plan: ModelPlan,
    site: Site,
    *,
    window: int,
    purge: int | None,
    force: bool,
    listener: Listener,
) -> Backtest:
    prepared = prepare(plan, site)
    purge = prepared.purge if purge is None else purge
    windows = walk_forward(sort_eras(prepared.sources[0].eras), purge=purge, window=window)
    folder = _work_folder(prepared, site, windows)
    trained_on = [era for step in windows for era in _train_eras(plan, step)]
    place = Workplace(
        site.cache,
        folder / "legs",
        beside=site.beside,
        whole=rows_of_eras(prepared.sources, trained_on),
        force=force,
        listener=listener,
    )
    with listener.task("backtest", total=len(windows), unit="windows") as task:
        for number, step in enumerate(windows):
            if not all(path.exists() for path in _files(folder, number, prepared, step)):
                _run_window(prepared, place, step, number=number, purge=purge, folder=folder)
                listener.step(f"window_{number}_done")
            task.advance(1)
    parts = [p for n, step in enumerate(windows) for p in _files(folder, n, prepared, step)]
    output = backtest_file(site, plan.name)
    rows = _join(parts, output)
    for leftover in folder.parent.glob(f".backtest-{safe_name(plan.name)}-{'?' * 16}"):
        shutil.rmtree(leftover, ignore_errors=True)
    eras = tuple(era for step in windows for era in step.test_eras)
    return Backtest(output, rows, eras, windows, purge)


def backtest_file(site: Site, model: str) -> Path:
    """Where a model's out-of-sample predictions lie."""
    return site.home.predictions(site.tournament) / f"{safe_name(model)}-backtest.parquet"


def _train_eras(plan: ModelPlan, step: Window) -> tuple[str, ...]:
    """The plan's choice among a window's training eras; counted from the first, as in `train`."""
    return plan.eras.choose(step.train_eras)


def _run_window(
    prepared: Prepared,
    place: Workplace,
    step: Window,
    *,
    number: int,
    purge: int,
    folder: Path,
) -> None:
    """Train on a window's eras and write the predictions of those that follow."""
    plan = prepared.plan
    chosen = _train_eras(plan, step)
    train_on, held_out = hold_out(chosen, held_out=plan.early_stopping_eras, purge=purge)
    place.listener.say(
        f"window {number + 1}: trained on eras {train_on[0]} to {train_on[-1]}, "
        f"{purge} purged, predicting {step.test_eras[0]} to {step.test_eras[-1]}"
    )
    data = TrainingSet(prepared.sources, prepared.features, train_on, held_out)
    trained = train_members(plan, data, place)
    members = [member.fitted(plan, prepared.features, beside=place.beside) for member in trained]
    terms = _Terms(plan.name, plan.data_version, prepared.features, plan.missing_twos)
    sources = _sources_of(prepared, step)
    for path, index in zip(_files(folder, number, prepared, step), sources, strict=True):
        predict_file(
            members,
            terms,
            prepared.sources[index].data,
            path,
            neutralize=plan.neutralize,
            eras=step.test_eras,
            with_era=True,
            listener=place.listener,
        )


def _sources_of(prepared: Prepared, step: Window) -> tuple[int, ...]:
    """Positions of the files that hold any of a window's test eras."""
    rows = rows_of_eras(prepared.sources, step.test_eras)
    return tuple(index for index, mask in enumerate(rows.masks) if mask.any())


def _files(folder: Path, number: int, prepared: Prepared, step: Window) -> tuple[Path, ...]:
    return tuple(
        folder / f"window-{number:03d}-{index}.parquet" for index in _sources_of(prepared, step)
    )


def _work_folder(prepared: Prepared, site: Site, windows: Sequence[Window]) -> Path:
    """Where finished windows wait; its name says everything the predictions depend on."""
    parts = [
        asdict(prepared.plan),
        [source.digest for source in prepared.sources],
        prepared.features,
        [asdict(step) for step in windows],
    ]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
    name = f".backtest-{safe_name(prepared.plan.name)}-{digest[:16]}"
    folder = site.home.predictions(site.tournament) / name
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _join(parts: Sequence[Path], output: Path) -> int:
    """Write the windows' files one after the other, era by era; how many rows there are."""
    with prediction_writer(output, with_era=True) as writer:
        for path in parts:
            with pq.ParquetFile(path) as file:
                for group in range(file.metadata.num_row_groups):
                    writer.append(file.read_row_group(group))
    return writer.rows
