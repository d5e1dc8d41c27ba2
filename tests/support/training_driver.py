"""A training in a process that sends itself a signal after so many trees.

python -m tests.support.training_driver DATASET_FOLDER SIGNAL
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from numeri_cli.home import Home
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.progress import SILENT, Task
from tests.support.data_versions import changed, model_spec

MODEL = model_spec(targets=("target_ender_20",), params={"n_estimators": 5})
BROKEN = changed(MODEL, params={"n_estimators": 20, "colsample_bytree": 0.5}, seeds=(1, 2))
IN_SEGMENTS = LightGBM(BROKEN.estimator.params, segment_trees=8)
TREES = 30  # the 10th of the second booster


class Fatal:
    """A listener that sends its own process a signal."""

    def __init__(self, number: int) -> None:
        self._number, self._left = number, TREES

    def task(self, label: str, *, total: float | None, unit: str) -> AbstractContextManager[Task]:
        """Itself where trees are counted."""
        return nullcontext(self) if unit == "trees" else SILENT.task(label, total=total, unit=unit)

    def advance(self, amount: float) -> None:
        """Count a tree; the last one is fatal."""
        self._left -= int(amount)
        if self._left == 0:
            os.kill(os.getpid(), self._number)

    def note(self, text: str) -> None:
        """Nobody looks."""

    def say(self, text: str) -> None:
        """Nobody listens."""

    def step(self, name: str) -> None:
        """Only trees count."""


if __name__ == "__main__":
    place = Workspace(Home.find(), "practice", Path(sys.argv[1]))
    fatal = Fatal(int(sys.argv[2]))
    train("lighthouse", BROKEN, place, estimator=IN_SEGMENTS, listener=fatal)
