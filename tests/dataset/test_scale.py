"""The scale of features: of files, and what speaks against it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.scale import FeatureScale, scale_of

BINS = FeatureScale(least=0, most=4, whole=True)
QUARTERS = FeatureScale(least=0, most=1, whole=False)
BROAD = FeatureScale(least=-3, most=5, whole=False)


def file_of(path: Path, values: list[float | None], *, kind: pa.DataType, notes: bool) -> DataFile:
    table = pa.table({"id": [str(n) for n in range(len(values))], "f": pa.array(values, kind)})
    pq.write_table(table, path, row_group_size=3, write_statistics=notes)
    return DataFile.open(path)


@pytest.mark.parametrize("notes", [True, False])
def test_a_files_scale_is_known_with_its_notes_and_without(tmp_path: Path, notes: bool) -> None:
    bins = file_of(tmp_path / "a.parquet", [0, 1, 4, 2, 2], kind=pa.int8(), notes=notes)
    assert scale_of([bins], ["f"]) == BINS
    values = [0.25, None, 1.0, 0.0, None, None]
    quarters = file_of(tmp_path / "b.parquet", values, kind=pa.float32(), notes=notes)
    assert scale_of([quarters], ["f"]) == QUARTERS
    assert scale_of([bins, quarters], ["f"]) == FeatureScale(least=0, most=4, whole=False)
    whole = file_of(tmp_path / "c.parquet", [0, None, 4], kind=pa.float32(), notes=notes)
    assert scale_of([whole], ["f"]) == BINS
    empty = file_of(tmp_path / "d.parquet", [None], kind=pa.float32(), notes=notes)
    assert scale_of([empty], ["f"]) is None


def test_the_middle_is_the_datas_own() -> None:
    assert (BINS.middle, QUARTERS.middle, BROAD.middle) == (2, 0.5, 1)
    assert FeatureScale(least=0, most=3, whole=True).middle == 2


@pytest.mark.parametrize(
    ("scale", "values", "words"),
    [
        (BINS, [0, 0.25, 1], "no whole numbers, from 0 to 1"),
        (BINS, [0, 5], "from 0 to 5"),
        (BINS, [0, 1] * 600, "from 0 to 1 only"),
        (QUARTERS, [0, 1, 4], "from 0 to 4"),
        (BROAD, [0, 40], "from 0 to 40"),
    ],
)
def test_values_on_another_scale_are_found(
    scale: FeatureScale, values: list[float], words: str
) -> None:
    assert words in str(scale.contradiction(np.array(values, np.float32)))


@pytest.mark.parametrize(
    ("scale", "values"),
    [
        (BINS, [0, np.nan, 4]),
        (BINS, [0, 1]),
        (BINS, [np.nan]),
        (QUARTERS, [0, 0.25]),
        (BROAD, [-4, 6.5]),
        (FeatureScale(least=2, most=2, whole=True), [0, 4]),
    ],
)
def test_values_that_may_be_on_the_scale_pass(scale: FeatureScale, values: list[float]) -> None:
    assert scale.contradiction(np.array(values, np.float32)) is None
