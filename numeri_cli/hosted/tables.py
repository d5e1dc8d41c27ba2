"""A round's tables for the sandbox, in files that every numpy reads and that hold no code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import FileForeign
from numeri_cli.hosted.sandbox import Call

_SEED = 5  # of the shuffled copies: the same each time
_INT8 = 127


@dataclass(frozen=True, kw_only=True)
class RoundTables:
    """What was laid out.

    ids: of the live data, in its order; order: positions of the rows in their shuffled copy
    columns: all of the live data; numbers: those that are whole numbers, without a gap
    fits_int8: whether those numbers do; has_benchmarks: whether there is a file of them
    """

    ids: tuple[str, ...]
    order: tuple[int, ...]
    columns: tuple[str, ...]
    numbers: tuple[str, ...]
    fits_int8: bool
    has_benchmarks: bool

    def calls(self, *, missing: str | None) -> tuple[Call, ...]:
        """The data as it is, then each copy that must not change the predictions, then gaps.

        missing: the feature without values; the first where None
        """
        shuffled = np.random.default_rng(_SEED).permutation(len(self.columns))
        calls = [
            Call(name="live"),
            Call(name="rows", rows="order.npy"),
            Call(name="columns", columns=tuple(self.columns[place] for place in shuffled)),
        ]
        if self.numbers and self.fits_int8:
            calls.append(Call(name="int8", type="int8", numbers=self.numbers))
        if self.numbers:
            calls.append(Call(name="float32", type="float32", numbers=self.numbers))
        feature = missing or next((n for n in self.columns if n.startswith("feature_")), None)
        if feature is not None:
            calls.append(Call(name="missing", missing=feature))
        if self.has_benchmarks:
            calls.append(Call(name="benchmarks", no_benchmarks=True))
        return tuple(calls)


def lay_out(folder: Path, live: Path, benchmarks: Path | None) -> RoundTables:
    """Write a round's tables into a folder.

    benchmarks: of the same rows; where None their table has the ids alone
    Raises FileMissing, FileDamaged, FileForeign.
    """
    data = DataFile.open(live)
    table = data.read(data.columns)
    ids = table.column(data.id_column).cast(pa.string()).to_pylist()
    if not ids or None in ids or len(set(ids)) != len(ids):
        raise FileForeign(f"{live} has no rows, or ids that are not one for each", hint="download")
    names = tuple(name for name in data.columns if name != data.id_column)
    values = _write(folder, "live", table, ids, names)
    if benchmarks is not None:
        other = DataFile.open(benchmarks)
        rows = other.read(other.columns)
        others = rows.column(other.id_column).cast(pa.string()).to_pylist()
        _write(
            folder, "benchmarks", rows, others, [n for n in other.columns if n != other.id_column]
        )
    else:
        _write(folder, "benchmarks", table.select([]), ids, [])
    order = np.random.default_rng(_SEED).permutation(len(ids))
    np.save(folder / "order.npy", order)
    numbers = tuple(name for name, (whole, _) in values.items() if whole)
    return RoundTables(
        ids=tuple(ids),
        order=tuple(order.tolist()),
        columns=names,
        numbers=numbers,
        fits_int8=all(values[name][1] <= _INT8 for name in numbers),
        has_benchmarks=benchmarks is not None,
    )


def _write(
    folder: Path, name: str, table: pa.Table, ids: Sequence[str], columns: Sequence[str]
) -> dict[str, tuple[bool, float]]:
    """Write one table; by column of numbers whether it is whole, and its largest size."""
    blocks: dict[str, list[str]] = {}
    texts: dict[str, list[str | None]] = {}
    kept: dict[str, np.ndarray] = {}
    told: dict[str, tuple[bool, float]] = {}
    for column in columns:
        found = table.column(column)
        if not (pa.types.is_integer(found.type) or pa.types.is_floating(found.type)):
            texts[column] = found.cast(pa.string()).to_pylist()
            continue
        values = np.asarray(found.to_numpy())
        kept[column] = values
        blocks.setdefault(values.dtype.str, []).append(column)
        whole = bool(values.size) and bool(np.isfinite(values).all() and (values % 1 == 0).all())
        told[column] = (whole, float(np.abs(values).max()) if whole else 0.0)
    files = []
    for place, members in enumerate(blocks.values()):
        file = f"{name}-{place}.npy"
        np.save(folder / file, np.stack([kept[one] for one in members]))
        files.append({"file": file, "names": members})
    content = {"ids": list(ids), "columns": list(columns), "blocks": files, "texts": texts}
    (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return told
