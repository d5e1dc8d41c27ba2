"""Parquet → LightGBM bins in blocks of columns: about half a byte a cell, whatever the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from numeri_cli.dataset.parquet import (
    parquet_errors,
    plain_table,
)
from numeri_cli.learning.estimators.lightgbm.parameters import (
    canonical,
    lgb,
    refusals,
    voice,
)
from numeri_cli.learning.rows import Rows
from numeri_cli.progress import SILENT, Listener

BLOCK_COLUMNS = 64
MISSING_TWO = 2
# What LightGBM looks at when it makes bins; a cached file belongs to their values.
BINNING = frozenset(
    {"max_bin", "max_bin_by_feature", "min_data_in_bin", "bin_construct_sample_cnt"}
    | {"data_random_seed", "feature_pre_filter", "min_data_in_leaf", "use_missing"}
    | {"zero_as_missing", "enable_bundle", "is_enable_sparse", "categorical_feature"}
    | {"linear_tree", "forcedbins_filename", "max_cat_threshold", "precise_float_parser"}
)
MACHINE = frozenset({"num_threads", "verbosity", "device_type"})


def binning_parameters(params: Mapping[str, Any]) -> dict[str, Any]:
    """Those parameters that decide the bins, under LightGBM's own names."""
    named = {canonical(name) or name: value for name, value in params.items()}
    return {name: named[name] for name in sorted(named) if name in BINNING}


def dataset_parameters(params: Mapping[str, Any]) -> dict[str, Any]:
    """What a Dataset is made with: what decides the bins, and the machine's part."""
    return {name: value for name, value in params.items() if canonical(name) in BINNING | MACHINE}


def build_binned(
    rows: Rows,
    features: Sequence[str],
    params: Mapping[str, Any],
    *,
    missing_twos: str = "keep",
    listener: Listener = SILENT,
) -> lgb.Dataset:
    """A constructed Dataset of the chosen rows, features in the given order, labels 0.

    Beside the bins it holds one block of 64 columns at a time. NaN stays missing; with
    missing_twos "nan" so does a feature that is 2 in every chosen row of an era.
    Raises FileForeign naming absent features, FileDamaged.
    """
    labels = np.zeros(rows.count, dtype=np.float32)
    codes = rows.codes if missing_twos == "nan" else None
    settings = dataset_parameters(params)
    binned: lgb.Dataset | None = None
    with (
        voice(SILENT),  # it warns of what is meant: raw columns are not kept
        column_blocks(rows, features) as blocks,
        listener.task("binning", total=len(features), unit="columns") as task,
    ):
        for read in blocks:
            table = read if codes is None else without_missing_twos(read, codes)
            with refusals():
                block = lgb.Dataset(table, label=labels, params=dict(settings)).construct()
                # The columns were copied into bins; the Arrow table need not outlive them.
                block.data = None
                if binned is None:
                    binned = block
                else:
                    binned.add_features_from(block)
            task.advance(table.num_columns)
            del read, table, block
            pa.default_memory_pool().release_unused()
    assert binned is not None  # noqa: S101 - a list of features is never empty
    return binned


def subset(binned: lgb.Dataset, chosen: npt.NDArray[np.bool_]) -> lgb.Dataset:
    """The chosen rows of a Dataset, with its bins; itself where all are chosen.

    chosen: (rows,). Takes about another byte a cell; the whole is let go of afterwards.
    """
    if chosen.all():
        return binned
    with voice(SILENT):
        part = binned.subset(np.flatnonzero(chosen).tolist()).construct()
    part.reference = None
    return part


@contextmanager
def column_blocks(
    rows: Rows, features: Sequence[str], *, size: int = BLOCK_COLUMNS
) -> Iterator[Iterator[pa.Table]]:
    """Blocks of columns of the chosen rows, in the features' order; the files stay open."""
    for source in rows.sources:
        source.data.require(features)
    with ExitStack() as stack:
        files = []
        for source in rows.sources:
            with parquet_errors(source.data.path):
                files.append(stack.enter_context(pq.ParquetFile(source.data.path)))
        yield (
            _read_block(rows, files, list(features[first : first + size]))
            for first in range(0, len(features), size)
        )


def _read_block(rows: Rows, files: Sequence[pq.ParquetFile], names: list[str]) -> pa.Table:
    parts = []
    for source, mask, file in zip(rows.sources, rows.masks, files, strict=True):
        start = 0
        for group, length in enumerate(source.data.group_rows):
            chosen = mask[start : start + length]
            start += length
            if not chosen.any():
                continue
            with parquet_errors(source.data.path):
                table = plain_table(file, [group], names)
            parts.append(table if chosen.all() else table.filter(pa.array(chosen)))
    return pa.concat_tables(parts, promote_options="permissive")


def without_missing_twos(table: pa.Table, codes: npt.NDArray[np.int32]) -> pa.Table:
    """The table with each column empty in the eras where it is 2 throughout.

    codes: (rows,) the era of every row
    """
    if not len(codes):
        return table
    starts = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1])
    run_eras = codes[starts]
    columns = []
    for column in table.columns:
        values = column.to_numpy()
        runs = np.logical_and.reduceat(values == MISSING_TWO, starts)
        whole = np.ones(int(codes.max()) + 1, dtype=np.bool_)
        np.logical_and.at(whole, run_eras, runs)
        missing = whole[codes]
        columns.append(pa.array(values, mask=missing) if missing.any() else column)
    return pa.table(columns, names=table.column_names)
