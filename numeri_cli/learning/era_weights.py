"""How much each era counts in training: the same, by its age, or as a file says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from numeri_cli.dataset.eras import era_number
from numeri_cli.dataset.parquet import float_column
from numeri_cli.dataset.prediction_files import read_table
from numeri_cli.errors import FileForeign
from numeri_cli.files import digest_file
from numeri_cli.learning.rows import Rows
from numeri_cli.model_spec import EraWeights

_COLUMNS = ("era", "weight")


@dataclass(frozen=True)
class FileWeights:
    """Weights of eras as a file gives them.

    by_time: weight by `era_number`, so that "1" and "0001" are one era; digest: SHA-256 of the file
    """

    path: Path
    digest: str
    by_time: Mapping[float, float]

    @classmethod
    def read(cls, path: Path) -> FileWeights:
        """CSV or parquet with columns era and weight.

        Raises FileMissing, FileDamaged, FileForeign naming what is no weight.
        """
        table = read_table(path)
        if any(name not in table.column_names for name in _COLUMNS):
            raise FileForeign(
                f"{path} has columns {', '.join(table.column_names[:6])}",
                hint="write two columns, era and weight",
            )
        try:
            names = table.column("era").cast(pa.string()).to_pylist()
            weights = float_column(table, "weight").tolist()
        except pa.ArrowException:
            raise FileForeign(
                f"{path} has a weight that is no number", hint="write 0 or more"
            ) from None
        found: dict[float, float] = {}
        for name, weight in zip(names, weights, strict=True):
            number = math.inf if name is None else era_number(name)
            if math.isinf(number) or not math.isfinite(weight) or weight < 0:
                raise FileForeign(
                    f"{path} gives era {name} the weight {weight:g}",
                    hint="eras are numbers or dates, weights are 0 or more",
                )
            if number in found:
                raise FileForeign(f"{path} has era {name} twice", hint="give each era once")
            found[number] = weight
        return cls(path, digest_file(path), found)

    def of(self, eras: tuple[str, ...], used: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
        """(len(eras),) weights; used: positions of the eras that have to have one.

        Raises FileForeign naming the first that has none, and where all of them are 0.
        """
        weights = np.array([self.by_time.get(era_number(era), math.nan) for era in eras])
        for place in used[np.isnan(weights[used])]:
            raise FileForeign(
                f"{self.path} has no weight for era {eras[place]}",
                hint="give every era that is trained on a weight, 0 for none",
            )
        if not weights[used].any():
            raise FileForeign(
                f"{self.path} gives all eras of the training the weight 0",
                hint="give some more than 0",
            )
        return np.asarray(np.nan_to_num(weights), dtype=np.float64)


def row_weights(
    rows: Rows, weights: EraWeights, given: FileWeights | None = None
) -> npt.NDArray[np.float32] | None:
    """(rows.count,) the weight of each row, mean 1; None where all rows count the same.

    given: of the file that `weights` names
    """
    if weights == EraWeights():
        return None
    codes = rows.codes
    per_era = np.ones(len(rows.eras))
    if weights.equal:
        per_era /= np.maximum(np.bincount(codes, minlength=len(per_era)), 1)
    if weights.half_life_eras:
        numbers = np.array([era_number(era) for era in rows.eras])
        age = numbers[codes].max() - numbers
        per_era *= 0.5 ** (age / weights.half_life_eras)
    if given is not None:
        per_era *= given.of(rows.eras, np.unique(codes))
    values = per_era[codes]
    return np.asarray(values / values.mean(), dtype=np.float32)
