"""Columns of a data file in memory, for whoever goes on in Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring, missing
from numeri_cli.commands.words import data_file, is_file_name, names_data
from numeri_cli.dataset.eras import chosen_eras
from numeri_cli.dataset.features import FeatureFile
from numeri_cli.dataset.parquet import DataFile, Rows, parquet_errors
from numeri_cli.errors import FileForeign, MemoryShort, nearest
from numeri_cli.learning.memory import GIGABYTE, available_bytes

TEXT_BYTES = 28  # an id with its place
COPIES = 2  # what is read, and what of it is handed on
_ALWAYS = ("era",)  # beside the ids, where the file has it


def load(
    context: Context,
    word: str = "validation",
    *,
    columns: str | Sequence[str] | None = None,
    eras: str | Sequence[str] | None = None,
    memory_bytes: int | None = None,
) -> pa.Table:
    """Rows of a data file in the file's order: `id`, `era`, and the columns that were asked for.

    word: as `data_file` takes it, or a file of the data version such as "meta_model"
    columns: names of columns and of feature sets; all of the file where None
    eras: names, or ranges such as "0900-0950"; all where None
    memory_bytes: what it may take; what is free where None
    Raises FileForeign, which names the nearest column; MemoryShort where it would not fit;
    UsageProblem for an era that is not there, and what `data_file` raises.
    """
    context.make_practice()
    file = DataFile.open(_file(context, word))
    names = _columns(context, file, [columns] if isinstance(columns, str) else columns)
    rows: Rows = None
    count = file.rows
    if eras is not None:
        row_eras = file.eras()
        chosen = chosen_eras(row_eras.names, [eras] if isinstance(eras, str) else eras)
        rows = row_eras.mask(chosen)
        count = int(rows.sum())
    free = available_bytes() if memory_bytes is None else memory_bytes
    _require_memory(file, names, rows=count, free=free)
    table = file.read(names, rows=rows)
    with parquet_errors(file.path):
        ids = table.column(0).cast(pa.string())
    return table.set_column(0, "id", ids)


def _file(context: Context, word: str) -> Path:
    if names_data(word) or is_file_name(word):
        return data_file(context, word)
    name = context.files.named(word)
    if missing(context, (name,)):
        bring(context, (name,))
    return context.file(name)


def _columns(context: Context, file: DataFile, asked: Sequence[str] | None) -> list[str]:
    """The columns that words mean, ids first, each once. Raises FileForeign for no such word."""
    first = [file.id_column, *(name for name in _ALWAYS if name in file.columns)]
    if asked is None:
        return list(dict.fromkeys([*first, *file.columns]))
    known = set(file.columns)
    sets: FeatureFile | None = None
    chosen = list(first)
    for word in asked:
        if word in known or word == "id":
            chosen.append(file.id_column if word == "id" else word)
            continue
        if sets is None:
            sets = _feature_sets(context)
        if word not in sets.feature_sets:
            match = nearest(word, (*sets.feature_sets, *file.columns))
            raise FileForeign(
                f"{file.path.name} has no column {word!r}, and no feature set is called so",
                hint=f"did you mean {match!r}?" if match else "columns=None loads all there are",
            )
        chosen += sets.features(word)
    file.require(chosen)
    return list(dict.fromkeys(chosen))


def _feature_sets(context: Context) -> FeatureFile:
    name = context.files.features
    if missing(context, (name,)):
        bring(context, (name,))
    return context.workspace.feature_file


def _require_memory(file: DataFile, names: Sequence[str], *, rows: int, free: int) -> None:
    """Raise MemoryShort where so many rows of these columns would not fit."""
    widths = (_width(file.schema.field(name).type) for name in names)
    needed = rows * sum(widths) * COPIES
    if needed > free:
        raise MemoryShort(
            f"{rows:,} rows × {len(names):,} columns of {file.path.name} need about"
            f" {needed / GIGABYTE:.1f} GB of memory and {free / GIGABYTE:.1f} GB are free",
            hint='name fewer, such as columns=["small", "target_ender_60"] or eras="0900-0950"',
        )


def _width(kind: pa.DataType) -> float:
    """Bytes that a value of this type takes in memory."""
    try:
        return max(float(kind.bit_width) / 8, 1.0)
    except ValueError:  # texts
        return TEXT_BYTES
