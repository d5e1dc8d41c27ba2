"""One booster, trained in legs: killed at any tree, it goes on at its last leg."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from numeri_cli.files import atomic_file, disk_errors, write_text
from numeri_cli.learning.estimators.lightgbm.parameters import (
    DEFAULT_TREES,
    allows_legs,
    leg_parameters,
    lgb,
    refusals,
    threaded,
    value_of,
    voice,
    without,
    without_fatal_lines,
)
from numeri_cli.learning.estimators.lightgbm.trees import merge_models
from numeri_cli.progress import SILENT, Listener, Task

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Standing:
    """How far a training has come.

    trees: grown so far
    best_trees: those to keep once it stops early; 0 where nothing is held out
    best_score: the held-out score with these
    """

    trees: int = 0
    best_trees: int = 0
    best_score: float = float("-inf")
    stopped: bool = False


class Judge(Protocol):
    """Says when further trees do not help on held-out eras."""

    every_trees: int

    def follow(self, booster: lgb.Booster, trees: int) -> None:
        """Take `trees` further trees of this leg's booster into account, without judging."""

    def judge(self, standing: Standing) -> Standing:
        """The standing after a look at the held-out eras."""


@dataclass(frozen=True)
class BoosterOrder:
    """One booster to be trained.

    params: complete, with the seed
    folder: where finished legs wait; the caller removes it when the model is kept
    """

    label: str
    params: Mapping[str, Any]
    leg_trees: int
    folder: Path

    @property
    def trees(self) -> int:
        """How many trees are asked for."""
        return int(value_of(self.params, "num_iterations", DEFAULT_TREES))

    @property
    def lengths(self) -> tuple[int, ...]:
        """Trees of each leg; one leg where the objective allows no more."""
        if not allows_legs(self.params):
            return (self.trees,)
        whole, rest = divmod(self.trees, self.leg_trees)
        return (self.leg_trees,) * whole + ((rest,) if rest else ())


def train_booster(
    binned: lgb.Dataset,
    order: BoosterOrder,
    *,
    labels: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float32] | None = None,
    judge: Judge | None = None,
    listener: Listener = SILENT,
) -> str:
    """The trained booster as LightGBM's text.

    Leg k has seeds made from (seed, k) and starts from the raw training scores of the legs
    before; after each leg these scores and its trees are on disk. A model of one leg is what
    `lightgbm.train` makes of the same parameters.
    labels, weights: (rows,), one per row of `binned`
    Raises ParameterUnknown where LightGBM refuses a value.
    """
    with disk_errors(order.folder):
        order.folder.mkdir(parents=True, exist_ok=True)
    with voice(listener), refusals():
        binned.set_field("label", labels)
        binned.set_field("weight", weights)
        standing = Standing()
        with listener.task(order.label, total=order.trees, unit="trees") as task:
            for leg, length in enumerate(order.lengths):
                done = _finished(order.folder, leg)
                if done is None:
                    done = _run_leg(
                        binned, order, leg, length, standing=standing, judge=judge, task=task
                    )
                    listener.step(f"leg_{leg}_done")
                else:
                    task.advance(done.trees - standing.trees)
                    if judge:
                        _catch_up(judge, order.folder, leg)
                standing = done
                if standing.stopped:
                    break
    texts = [_text(order.folder, leg) for leg in range(len(order.lengths))]
    kept = standing.best_trees if judge else None
    return merge_models([text for text in texts if text], trees=kept)


def _run_leg(
    binned: lgb.Dataset,
    order: BoosterOrder,
    leg: int,
    length: int,
    *,
    standing: Standing,
    judge: Judge | None,
    task: Task,
) -> Standing:
    """Grow a leg's trees and put them on disk: scores first, then trees, then the standing."""
    start = _scores(order.folder, leg - 1) if leg else None
    binned.set_field("init_score", start)
    params = without(leg_parameters(order.params, leg), "num_iterations", "early_stopping_round")
    cells = binned.num_data() * binned.num_feature()
    with without_fatal_lines():
        booster = lgb.Booster(params=threaded(params, cells), train_set=binned)
    unseen = 0
    for _ in range(length):
        booster.update()
        task.advance(1)
        standing = replace(standing, trees=standing.trees + 1)
        unseen += 1
        if judge and (unseen == judge.every_trees or standing.trees == order.trees):
            judge.follow(booster, unseen)
            standing, unseen = judge.judge(standing), 0
            task.note(f"held-out CORR {standing.best_score:.4f}")
            if standing.stopped:
                break
    if judge and unseen:
        judge.follow(booster, unseen)
    if leg + 1 < len(order.lengths) and not standing.stopped:
        with atomic_file(_path(order.folder, leg, "npy")) as file:
            np.save(file, _training_scores(booster))
    write_text(_path(order.folder, leg, "txt"), booster.model_to_string(num_iteration=-1))
    write_text(_path(order.folder, leg, "json"), json.dumps(asdict(standing)))
    if leg:
        _path(order.folder, leg - 1, "npy").unlink(missing_ok=True)
    return standing


def _training_scores(booster: lgb.Booster) -> FloatArray:
    """(rows,) the raw scores of the training rows, bit for bit as the library holds them."""
    taken: list[FloatArray] = []

    def take(scores: FloatArray, _: lgb.Dataset) -> tuple[str, float, bool]:
        taken.append(np.array(scores, dtype=np.float64))
        return "taken", 0.0, True

    booster.eval_train(take)
    return taken[0]


def _catch_up(judge: Judge, folder: Path, leg: int) -> None:
    booster = lgb.Booster(model_str=_text(folder, leg))
    judge.follow(booster, booster.current_iteration())


def _finished(folder: Path, leg: int) -> Standing | None:
    """The standing after a leg; None where it has to be run (again)."""
    try:
        return Standing(**json.loads(_path(folder, leg, "json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _text(folder: Path, leg: int) -> str:
    path = _path(folder, leg, "txt")
    if not _path(folder, leg, "json").exists():
        return ""
    with disk_errors(path):
        return path.read_text()


def _scores(folder: Path, leg: int) -> FloatArray:
    path = _path(folder, leg, "npy")
    with disk_errors(path):
        return np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)


def _path(folder: Path, leg: int, suffix: str) -> Path:
    return folder / f"leg-{leg:04d}.{suffix}"
