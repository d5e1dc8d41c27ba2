"""Staged rows → XGBoost's bins, batch by batch: in memory, or in pages on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from numeri_cli.errors import ParameterUnknown
from numeri_cli.learning.estimators.xgboost.footprint import PAGE_BYTES
from numeri_cli.learning.estimators.xgboost.library import refusals, xgb
from numeri_cli.learning.staged_rows import BATCH_BYTES, StagedRows
from numeri_cli.progress import SILENT, Listener

_FORBIDDEN = "[]<"


class StagedBatches(xgb.DataIter):
    """The rows in batches, as often as the library wants to see them."""

    def __init__(
        self,
        staged: StagedRows,
        *,
        batch_rows: int,
        pages: Path | None = None,
    ) -> None:
        super().__init__(cache_prefix=None if pages is None else str(pages / "page"), on_host=False)
        self._staged, self._batch_rows, self._place = staged, batch_rows, 0

    def next(self, input_data: Callable[..., Any]) -> bool:
        """Hand over the next batch; False where there is none."""
        start = self._place
        if start >= self._staged.rows:
            return False
        stop = min(start + self._batch_rows, self._staged.rows)
        self._place = stop
        cells = self._staged.read(start, stop)
        input_data(data=cells, label=np.zeros(stop - start, dtype=np.float32))
        return True

    def reset(self) -> None:
        """Begin anew."""
        self._place = 0


def build_matrix(
    staged: StagedRows,
    features: Sequence[str],
    *,
    max_bin: int,
    threads: int,
    pages: Path | None = None,
    batch_bytes: int | None = None,
    listener: Listener = SILENT,
) -> Any:
    """The rows as the library trains on them, labels 0, in the order in which they are staged.

    threads: 0 takes all
    pages: a folder for bins that do not fit into memory; None keeps them there
    batch_bytes: of the rows that are handed over at a time; what suits either where None
    Raises ParameterUnknown where the library does not take a feature's name; DiskError.
    """
    require_names(features)
    if batch_bytes is None:
        batch_bytes = BATCH_BYTES if pages is None else PAGE_BYTES
    batch_rows = staged.batch_rows(batch_bytes)
    known = staged.distinct(max_bin)
    batches = StagedBatches(staged, batch_rows=batch_rows, pages=pages)
    kind = xgb.QuantileDMatrix if pages is None else xgb.ExtMemQuantileDMatrix
    own: dict[str, Any] = {"nthread": threads or None, "max_bin": max_bin}
    with refusals(), listener.task("binning", total=None, unit="rows"):
        if known is not None:
            # the bins of these few rows are those of all: the library need not sort every cell
            own["ref"] = xgb.QuantileDMatrix(known, **own)
        matrix = kind(batches, missing=staged.missing, **own)
        matrix.feature_names = list(features)
        return matrix


def require_names(features: Sequence[str]) -> None:
    """Raise ParameterUnknown for a feature whose name the library does not take."""
    for name in features:
        if any(sign in name for sign in _FORBIDDEN):
            raise ParameterUnknown(
                f"XGBoost takes no feature called {name!r}: [, ] and < are not for names",
                hint="take another estimator for it, or leave it out",
            )
