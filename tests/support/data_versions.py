"""Small data versions with a signal in them, a place to train, and models to be trained."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.files import digest_file
from numeri_cli.home import Home
from numeri_cli.learning.rows import (
    LabelledRows,
    Source,
    open_sources,
    rows_of_eras,
    with_target,
)
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import EstimatorSpec, ModelSpec

TOURNAMENT = "practice"


@dataclass(frozen=True)
class Sample:
    """A data version in memory, as it was written.

    cells: (rows, features) int8; labels: (rows,) float32, NaN where unresolved
    """

    folder: Path
    features: tuple[str, ...]
    cells: npt.NDArray[np.int8]
    eras: npt.NDArray[np.int64]
    labels: npt.NDArray[np.float32]
    train_eras: int
    named_eras: Sequence[str] | None = None
    scale: float = 1.0
    missing_share: float = 0.0

    @property
    def in_train(self) -> npt.NDArray[np.bool_]:
        """(rows,) whether the row stands in train.parquet."""
        return self.eras <= self.train_eras


SampleMaker = Callable[..., Sample]


def write_table(sample: Sample, chosen: npt.NDArray[np.bool_], path: Path, rows: int) -> None:
    """One of the parquet files, in row groups of so many rows."""
    columns: dict[str, object] = {
        "id": [f"n{number:015x}" for number in np.flatnonzero(chosen)],
        "era": [
            sample.named_eras[era - 1] if sample.named_eras else f"{era:04d}"
            for era in sample.eras[chosen]
        ],
        "data_type": [path.stem] * int(chosen.sum()),
    }
    for place, name in enumerate(sample.features):
        columns[name] = _written(sample, chosen, place)
    noise = np.random.default_rng(5).normal(size=len(sample.labels)).astype(np.float32)
    columns["target_ender_20"] = sample.labels[chosen]
    columns["target_ender_60"] = (sample.labels + noise)[chosen]
    columns["target"] = columns["target_ender_60"]
    pq.write_table(pa.table(columns), path, row_group_size=rows)


def _written(sample: Sample, chosen: npt.NDArray[np.bool_], place: int) -> npt.NDArray[Any]:
    """A feature as the file has it."""
    cells: npt.NDArray[Any] = sample.cells[chosen, place]
    if sample.scale == 1.0 and not sample.missing_share:
        return cells
    values = (cells * sample.scale).astype(np.float32)
    empty = np.random.default_rng(place).random(len(values)) < sample.missing_share
    values[empty] = np.nan
    return values


def write_sample(
    folder: Path,
    *,
    eras: int = 40,
    stocks: int = 40,
    features: int = 10,
    train_eras: int = 30,
    unresolved: Sequence[int] = (),
    group_rows: int = 333,
    seed: int = 0,
    names: Sequence[str] | None = None,
    named_eras: Sequence[str] | None = None,
    scale: float = 1.0,
    missing_share: float = 0.0,
) -> Sample:
    """Write a data version; features 0 and 1 carry the signal, 2 is constant.

    names: of the features; named_eras: what the eras are called, in their order
    scale: the files hold the cells times this, as floats where it is not 1
    missing_share: of the files' cells, empty; such cells are floats
    """
    rng = np.random.default_rng(seed)
    era_of_row = np.repeat(np.arange(1, eras + 1), stocks)
    cells = rng.integers(0, 5, (eras * stocks, features)).astype(np.int8)
    cells[:, 2] = 2
    signal = 0.3 * (cells[:, 0] - 2.0) + 0.2 * (cells[:, 1] - 2.0) * (cells[:, 3] > 2)
    labels = (signal + rng.normal(size=len(signal))).astype(np.float32)
    labels[np.isin(era_of_row, unresolved)] = np.nan
    names = tuple(names or (f"feature_{number:03d}" for number in range(features)))
    sample = Sample(
        folder, names, cells, era_of_row, labels, train_eras, named_eras, scale, missing_share
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_table(sample, sample.in_train, folder / "train.parquet", group_rows)
    write_table(sample, ~sample.in_train, folder / "validation.parquet", group_rows)
    sets = {"all": names, "medium": names[: features // 2 + 1], "small": names[:3]}
    content = {"feature_sets": sets, "targets": ["target_ender_20", "target_ender_60"]}
    (folder / "features.json").write_text(json.dumps(content))
    return sample


def workspace_of(sample: Sample) -> Workspace:
    """A place to train in, with everything under the test's own home."""
    return Workspace(Home.find(), TOURNAMENT, sample.folder)


def model_spec(
    *, params: dict[str, object] | None = None, estimator: str = "lightgbm", **keys: object
) -> ModelSpec:
    """A model that neutralizes nothing unless it is told to, with these keys and parameters."""
    made = EstimatorSpec(name=estimator, params=params or {})
    return ModelSpec(**{"estimator": made, "neutralize": None} | keys)  # type: ignore[arg-type]


def changed(spec: ModelSpec, **keys: object) -> ModelSpec:
    """The same model but for these keys, unchecked; `params` and `name` are its estimator's."""
    own: dict[str, object] = {key: keys.pop(key) for key in ("name", "params") if key in keys}
    estimator = spec.estimator.model_copy(update=own)
    return spec.model_copy(update={"estimator": estimator} | keys)


def sources_of(sample: Sample, *names: str) -> tuple[Source, ...]:
    """The files of these names, opened."""
    files = [DataFile.open(sample.folder / f"{name}.parquet") for name in names]
    return open_sources([(data, digest_file(data.path)) for data in files])


def labelled(sample: Sample, *names: str, target: str = "target_ender_20") -> LabelledRows:
    """All rows of these files that have a value of the target."""
    sources = sources_of(sample, *names)
    return with_target(rows_of_eras(sources, sources[0].eras), target)
