"""The scale that features are on: that of a training, and whether other data is on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from numeri_cli.dataset.parquet import DataFile, as_floats, parquet_errors, plain_table
from numeri_cli.dataset.value_range import LARGEST_BIN, contradiction

_LOOKED_AT = 16  # features of a row group, to see whether floats are whole numbers


class FeatureScale(BaseModel):
    """The least and the greatest value of a model's features; whole: all are whole numbers."""

    model_config = ConfigDict(frozen=True, strict=True)

    least: float
    most: float
    whole: bool

    @property
    def middle(self) -> float:
        """What stands for a missing value: 2 of bins from 0 to 4, 0.5 of shares from 0 to 1."""
        if self.whole and self.least >= 0 and self.most <= LARGEST_BIN:
            return LARGEST_BIN / 2
        return (self.least + self.most) / 2

    @property
    def words(self) -> str:
        """Such as "whole numbers from 0 to 4"."""
        return f"{'whole ' if self.whole else ''}numbers from {self.least:g} to {self.most:g}"

    def contradiction(self, values: npt.NDArray[np.float32]) -> str | None:
        """What speaks against values being on this scale; None where nothing does.

        values: of any shape, NaN where missing
        """
        return contradiction(values, self)


def scale_of(files: Iterable[DataFile], features: Sequence[str]) -> FeatureScale | None:
    """The scale of these features over all files; None where no value is known.

    The files' own notes on their row groups are asked; columns without such notes are read.
    """
    bounds = [bound for data in files for bound in _bounds(data, features)]
    if not bounds:
        return None
    return FeatureScale(
        least=min(low for low, _, _ in bounds) + 0.0,  # parquet notes a minimum of 0 as −0
        most=max(high for _, high, _ in bounds),
        whole=all(whole for _, _, whole in bounds),
    )


def _bounds(data: DataFile, features: Sequence[str]) -> Iterator[tuple[float, float, bool]]:
    """Least and greatest value of some columns, and whether they are whole numbers."""
    data.require(features)
    floats = [name for name in features if pa.types.is_floating(data.schema.field(name).type)]
    whole = not floats or _look_whole(data, floats[:_LOOKED_AT])
    with parquet_errors(data.path), pq.ParquetFile(data.path) as file:
        groups = file.metadata.num_row_groups
        if not groups:
            return
        first = file.metadata.row_group(0)
        places = {first.column(at).path_in_schema: at for at in range(file.metadata.num_columns)}
        unnoted: list[str] = []
        for group in range(groups):
            notes = file.metadata.row_group(group)
            for name in features:
                found = notes.column(places[name]).statistics
                if found is not None and found.has_min_max:
                    yield float(found.min), float(found.max), whole
                elif found is None or found.null_count != notes.num_rows:
                    unnoted.append(name)
        for name in dict.fromkeys(unnoted):
            for group in range(groups):
                yield from _read_bounds(plain_table(file, [group], [name]), whole=whole)


def _read_bounds(table: pa.Table, *, whole: bool) -> Iterator[tuple[float, float, bool]]:
    values = pc.drop_null(as_floats(table.column(0), pa.float64())).to_numpy()
    known = values[~np.isnan(values)]
    if known.size:
        yield float(known.min()), float(known.max()), whole


def _look_whole(data: DataFile, names: Sequence[str]) -> bool:
    """Whether the values of some columns are whole numbers, by the first row group."""
    table: Any = next(iter(data.groups(names)), None)
    if table is None:
        return False
    values = np.concatenate(
        [as_floats(column, pa.float64()).drop_null().to_numpy() for column in table.columns]
    )
    known = values[~np.isnan(values)]
    return bool((known == np.rint(known)).all())
