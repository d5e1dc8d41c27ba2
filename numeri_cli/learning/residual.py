"""What is left of a target once another prediction is taken out of it, era by era."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from numeri_cli.dataset.prediction_files import (
    IdColumn,
    id_strings,
    join,
    read_id_column,
    read_predictions,
)
from numeri_cli.errors import TargetMissing
from numeri_cli.files import digest_file
from numeri_cli.learning.rows import LabelledRows, Rows, Source

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Residual:
    """A prediction of the rows that models are trained on.

    name: the benchmark's or the model's; digests: file → SHA-256 of what it was read from
    values: per source (rows of the file,), NaN where a row has no prediction
    """

    name: str
    digests: dict[str, str]
    values: tuple[FloatArray, ...]

    @classmethod
    def of_benchmark(cls, name: str, files: Sequence[Path], sources: Sequence[Source]) -> Residual:
        """A column of the benchmark files, one file for each source.

        Raises FileMissing, FileDamaged, FileForeign.
        """
        columns = [read_id_column(path, name) for path in files]
        return cls(name, _digests(files), _joined(columns, sources))

    @classmethod
    def of_model(cls, name: str, path: Path, sources: Sequence[Source]) -> Residual:
        """The out-of-sample predictions of a model of one's own, as a backtest made them.

        Raises FileMissing, FileDamaged, PredictionsError.
        """
        column = read_predictions(path, name=name)
        return cls(name, _digests([path]), _joined([column] * len(sources), sources))

    def left(self, rows: Rows, labels: npt.NDArray[np.floating]) -> FloatArray:
        """(rows.count,) what is left of labels: per era, without their fit on the prediction.

        The least squares fit is on a constant, the prediction as it stands, and the prediction as
        scores see it, ranked and gaussianized; what is left is orthogonal to all three.
        labels: (rows.count,), NaN where unknown
        returns: NaN where a label or the prediction is unknown; 0 in an era of one label
        """
        # they bring scipy along, which a look at an artifact can spare
        from numeri_cli.scoring.neutral import neutralize
        from numeri_cli.scoring.ranks import gaussianize

        pairs = zip(self.values, rows.masks, strict=True)
        predicted = np.concatenate([values[mask] for values, mask in pairs])
        codes = rows.codes
        left = np.full(rows.count, np.nan)
        known = ~np.isnan(predicted) & ~np.isnan(labels)
        order = np.argsort(codes, kind="stable")
        for places in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            here = places[known[places]]
            if not len(here):
                continue
            plain = predicted[here]
            columns = np.column_stack([plain, gaussianize(plain)])
            left[here] = np.nan_to_num(neutralize(labels[here].astype(np.float64), columns))
        return left

    def of_labelled(self, chosen: LabelledRows) -> LabelledRows:
        """The rows that have a prediction, with what is left of their labels.

        Raises TargetMissing where no row has one.
        """
        left = self.left(chosen.rows, chosen.labels)
        known = ~np.isnan(left)
        if not known.any():
            raise TargetMissing(
                f"no row of the training has a prediction of {self.name}",
                hint="choose eras that it predicts, with train_window",
            )
        masks, start = [], 0
        for mask in chosen.rows.masks:
            kept = mask.copy()
            count = int(np.count_nonzero(mask))
            kept[mask] = known[start : start + count]
            start += count
            masks.append(kept)
        rows = Rows(chosen.rows.sources, tuple(masks))
        dropped = chosen.dropped + int(np.count_nonzero(~known))
        return LabelledRows(rows, left[known].astype(np.float32), dropped)


def _digests(files: Sequence[Path]) -> dict[str, str]:
    return {path.name: digest_file(path) for path in files}


def _joined(columns: Sequence[IdColumn], sources: Sequence[Source]) -> tuple[FloatArray, ...]:
    pairs = zip(columns, sources, strict=True)
    return tuple(join(column, id_strings(source.data)).values for column, source in pairs)
