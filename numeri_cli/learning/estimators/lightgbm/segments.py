"""One booster, trained in segments: killed at any tree, it goes on at its last segment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from numeri_cli.booster_text import Unsound, check_structure
from numeri_cli.errors import DiskError
from numeri_cli.files import atomic_file, disk_errors, read_json_object, write_text
from numeri_cli.learning.estimators.lightgbm.early_stopping import BoosterProgress, EarlyStopping
from numeri_cli.learning.estimators.lightgbm.library import (
    lgb,
    refusals,
    warnings_to,
)
from numeri_cli.learning.estimators.lightgbm.model_text import merge_models
from numeri_cli.learning.estimators.lightgbm.parameters import (
    DEFAULT_TREES,
    allows_segments,
    segment_parameters,
    threaded,
    value_of,
    without,
)
from numeri_cli.learning.estimators.lightgbm.suitability import require_suitable_labels
from numeri_cli.progress import SILENT, Listener, Task

FloatArray = npt.NDArray[np.float64]
SEGMENT_TREES = 1000


def segment_lengths(params: Mapping[str, Any], segment_trees: int) -> tuple[int, ...]:
    """Trees of each segment; one segment where the objective allows no more."""
    trees = int(value_of(params, "num_iterations", DEFAULT_TREES))
    if not allows_segments(params):
        return (trees,)
    whole, rest = divmod(trees, segment_trees)
    return (segment_trees,) * whole + ((rest,) if rest else ())


def train_booster(
    binned: lgb.Dataset,
    params: Mapping[str, Any],
    *,
    labels: npt.NDArray[np.float32],
    folder: Path,
    weights: npt.NDArray[np.float32] | None = None,
    segment_trees: int = SEGMENT_TREES,
    early_stopping: EarlyStopping | None = None,
    label: str = "",
    listener: Listener = SILENT,
) -> str:
    """The trained booster as LightGBM's text.

    Segment k has seeds made from (seed, k) and starts from the raw training scores of the segments
    before; after each segment these scores and its trees are on disk. A model of one segment is
    what `lightgbm.train` makes of the same parameters.
    params: complete, with the seed
    labels, weights: (rows,), one per row of `binned`
    folder: where finished segments wait; the caller removes it when the model is kept
    Raises ParameterUnknown where LightGBM refuses a value, DiskError.
    """
    finished = _Segments(folder)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lengths = segment_lengths(params, segment_trees)
    progress = BoosterProgress()
    require_suitable_labels(params, labels)
    with (
        warnings_to(listener),
        refusals(quiet=False),
        listener.task(label, total=sum(lengths), unit="trees") as task,
    ):
        with refusals():
            binned.set_field("label", labels)
            binned.set_field("weight", weights)
        for number in range(len(lengths)):
            done = finished.progress(number)
            if done is None:
                booster = _booster(binned, params, number=number, finished=finished)
                last = number + 1 == len(lengths)
                done = _grow(
                    booster,
                    progress,
                    trees=lengths[number],
                    last=last,
                    early_stopping=early_stopping,
                    task=task,
                )
                finished.keep(number, booster, done, more_follow=not (last or done.stopped))
                listener.step(f"leg_{number}_done")  # as --verbose has always called it
            else:
                task.advance(done.trees - progress.trees)
                if early_stopping:
                    booster = lgb.Booster(model_str=finished.text(number))
                    early_stopping.follow(booster, booster.current_iteration())
            progress = done
            if progress.stopped:
                break
    kept = progress.best_trees if early_stopping else None
    return merge_models(finished.texts(len(lengths)), trees=kept)


def _booster(
    binned: lgb.Dataset, params: Mapping[str, Any], *, number: int, finished: _Segments
) -> lgb.Booster:
    """A segment's booster, without trees yet, at the scores where the segment before ended."""
    binned.set_field("init_score", finished.scores(number - 1) if number else None)
    own = without(segment_parameters(params, number), "num_iterations", "early_stopping_round")
    cells = binned.num_data() * binned.num_feature()
    with refusals():
        return lgb.Booster(params=threaded(own, cells), train_set=binned)


def _grow(
    booster: lgb.Booster,
    progress: BoosterProgress,
    *,
    trees: int,
    last: bool,
    early_stopping: EarlyStopping | None,
    task: Task,
) -> BoosterProgress:
    """Grow so many trees, or those up to where they stop helping; last: the last segment."""
    unseen = 0
    for tree in range(1, trees + 1):
        with refusals() if tree == 1 else nullcontext():  # what it refuses, it does at once
            booster.update()
        task.advance(1)
        progress = replace(progress, trees=progress.trees + 1)
        unseen += 1
        if early_stopping and (unseen == early_stopping.every_trees or (last and tree == trees)):
            early_stopping.follow(booster, unseen)
            progress, unseen = early_stopping.judge(progress), 0
            task.note(f"held-out CORR {progress.best_score:.4f}")
            if progress.stopped:
                break
    if early_stopping and unseen:
        early_stopping.follow(booster, unseen)
    return progress


@dataclass(frozen=True)
class _Segments:
    """Finished segments on disk."""

    folder: Path

    def progress(self, number: int) -> BoosterProgress | None:
        """The progress after a segment; None where it has to be grown (again), as where its trees
        are damaged."""
        note = read_json_object(self._path(number, "json"))
        try:
            if not note:
                return None
            check_structure(self.text(number))
            return BoosterProgress(**note)
        except (TypeError, UnicodeDecodeError, DiskError, Unsound):
            return None

    def text(self, number: int) -> str:
        """A segment's trees; empty where it was not grown to its end."""
        path = self._path(number, "txt")
        if not self._path(number, "json").exists():
            return ""
        with disk_errors(path):
            return path.read_text()

    def texts(self, count: int) -> list[str]:
        """The trees of those of so many segments that were grown."""
        return [text for number in range(count) if (text := self.text(number))]

    def scores(self, number: int) -> FloatArray:
        """(rows,) the raw training scores after a segment."""
        path = self._path(number, "npy")
        with disk_errors(path):
            return np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)

    def keep(
        self, number: int, booster: lgb.Booster, progress: BoosterProgress, *, more_follow: bool
    ) -> None:
        """Put a segment on disk: scores first, then trees, then the progress."""
        if more_follow:
            with atomic_file(self._path(number, "npy"), mode=0o600) as file:
                np.save(file, _training_scores(booster))
        text = booster.model_to_string(num_iteration=-1)
        write_text(self._path(number, "txt"), text, mode=0o600)
        write_text(self._path(number, "json"), json.dumps(asdict(progress)))
        if number:
            self._path(number - 1, "npy").unlink(missing_ok=True)

    def _path(self, number: int, suffix: str) -> Path:
        return self.folder / f"segment-{number:04d}.{suffix}"


def _training_scores(booster: lgb.Booster) -> FloatArray:
    """(rows,) the raw scores of the training rows, bit for bit as the library holds them."""
    taken: list[FloatArray] = []

    def take(scores: FloatArray, _: lgb.Dataset) -> tuple[str, float, bool]:
        taken.append(np.array(scores, dtype=np.float64))
        return "taken", 0.0, True

    booster.eval_train(take)
    return taken[0]
