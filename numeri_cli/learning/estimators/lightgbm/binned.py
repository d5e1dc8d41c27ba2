"""Parquet → LightGBM bins in blocks of columns: about half a byte a cell, whatever the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from numeri_cli.learning.estimators.lightgbm.columns import library_names
from numeri_cli.learning.estimators.lightgbm.library import lgb, refusals, warnings_to
from numeri_cli.learning.estimators.lightgbm.parameters import canonical
from numeri_cli.learning.matrix import column_blocks, without_missing_twos
from numeri_cli.learning.rows import Rows
from numeri_cli.progress import SILENT, Listener

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
    names = library_names(features)
    binned: lgb.Dataset | None = None
    with (
        warnings_to(SILENT),  # it warns of what is meant: raw columns are not kept
        column_blocks(rows, features) as blocks,
        listener.task("binning", total=len(features), unit="columns") as task,
    ):
        for read in blocks:
            table = read if codes is None else without_missing_twos(read, codes)
            place = 0 if binned is None else binned.num_feature()
            table = table.rename_columns(list(names[place : place + table.num_columns]))
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
    with warnings_to(SILENT):
        part = binned.subset(np.flatnonzero(chosen).tolist()).construct()
    part.reference = None
    return part
