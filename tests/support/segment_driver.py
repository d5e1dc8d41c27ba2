"""The training of one booster in a process that kills itself after so many trees.

python -m tests.support.segment_driver FILE FOLDER TREES
TREES: -1 for none to be killed after; the whole model is then left in FOLDER/whole.txt
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.learning.estimators.lightgbm.binned import build_binned
from numeri_cli.learning.estimators.lightgbm.parameters import lightgbm_parameters
from numeri_cli.learning.estimators.lightgbm.segments import train_booster
from numeri_cli.learning.rows import open_sources, rows_of_eras, with_target

GIVEN = {"n_estimators": 50, "colsample_bytree": 0.4, "subsample": 0.7, "subsample_freq": 1}
PARAMS = lightgbm_parameters(GIVEN | {"seed": 5})


class Fatal:
    """A listener that ends its own process after so many trees, without a farewell."""

    def __init__(self, trees: int) -> None:
        self._left = trees

    @contextmanager
    def task(self, label: str, *, total: float | None, unit: str) -> Iterator[Fatal]:
        """Itself: every advance is a tree."""
        yield self

    def advance(self, amount: float) -> None:
        """Die where it was the last."""
        self._left -= int(amount)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def note(self, text: str) -> None:
        """Nobody looks."""

    def say(self, text: str) -> None:
        """Nobody listens."""

    def step(self, name: str) -> None:
        """Only trees count."""


def main(file: str, folder: str, trees: str) -> None:
    """Train as the test does that compares."""
    data = DataFile.open(Path(file))
    sources = open_sources([(data, "x")])
    chosen = with_target(rows_of_eras(sources, sources[0].eras), "target_ender_20")
    binned = build_binned(chosen.rows, data.features, PARAMS)
    text = train_booster(
        binned,
        PARAMS,
        labels=chosen.labels,
        folder=Path(folder),
        segment_trees=20,
        listener=Fatal(int(trees)),
    )
    Path(folder, "whole.txt").write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
