"""Rows of a training on disk, one after the other: who takes them in batches holds one batch.

A parquet file is kept by columns. XGBoost and whatever learns from batches want whole rows, and
more than once: so they are turned round once, era by era, and lie there as plain numbers.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from numeri_cli.dataset.by_era import eras_with_rows
from numeri_cli.dataset.parquet import RowEras, as_floats
from numeri_cli.errors import FileForeign, MemoryShort
from numeri_cli.files import disk_errors, free_bytes, is_running
from numeri_cli.learning.matrix import FloatMatrix, without_missing_twos
from numeri_cli.learning.memory import GIGABYTE
from numeri_cli.learning.rows import Rows
from numeri_cli.progress import SILENT, Listener

MISSING_BYTE = -128  # stands for an absent value among whole numbers
BATCH_BYTES = 2 * 2**20  # of larger ones a library and the allocator keep several
Cells = npt.NDArray[Any]


@dataclass(frozen=True)
class StagedEra:
    """One era: its position in `Rows.eras`, and from where to where its rows stand."""

    code: int
    start: int
    stop: int


@dataclass(frozen=True)
class StagedRows:
    """A file of (rows, features) cells in C order; int8 where every feature is a byte.

    places: (rows,) which of the chosen rows stands at each place of the file
    present: (features, 256) of bytes, whether a feature has the value place − 128 in any row
    """

    path: Path
    features: int
    kind: np.dtype[Any]
    eras: tuple[StagedEra, ...]
    places: npt.NDArray[np.int64]
    present: npt.NDArray[np.bool_] | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.places)

    @property
    def missing(self) -> float:
        """What an absent value is kept as."""
        return float(MISSING_BYTE) if self.kind == np.int8 else float("nan")

    def read(self, start: int, stop: int) -> Cells:
        """(stop − start, features) cells as they are kept. Raises DiskError."""
        count = (stop - start) * self.features
        offset = start * self.features * self.kind.itemsize
        with disk_errors(self.path):
            cells = np.fromfile(self.path, dtype=self.kind, count=count, offset=offset)
        return cells.reshape(stop - start, self.features)

    def floats(self, start: int, stop: int) -> FloatMatrix:
        """(stop − start, features) float32, absent values as NaN. Raises DiskError."""
        cells = self.read(start, stop)
        floats = cells.astype(np.float32, copy=False)
        if self.kind == np.int8 and (absent := cells == MISSING_BYTE).any():
            floats[absent] = np.nan
        return floats

    def distinct(self, most: int) -> FloatMatrix | None:
        """(n, features) float32, in which every feature has each value that it has in any row.

        None where one has more than so many, or where features are no bytes.
        """
        if self.present is None:
            return None
        known = self.present.copy()
        known[:, MISSING_BYTE + 128] = False
        counts = known.sum(axis=1)
        if counts.max() > most:
            return None
        values = np.full((max(int(counts.max()), 1), self.features), np.nan, dtype=np.float32)
        for place, has in enumerate(known):
            found = np.flatnonzero(has) - 128
            values[: len(found), place] = found
            values[len(found) :, place] = found[-1] if len(found) else np.nan
        return values

    def batch_rows(self, batch_bytes: int = BATCH_BYTES) -> int:
        """How many rows make a batch of about so many bytes."""
        return max(1, batch_bytes // (self.features * self.kind.itemsize))


def staging_folder(unfinished: Path, name: str) -> Path:
    """An empty place for this process alone; what killed trainings left there is removed.

    unfinished: of the training, which several processes of a machine may share
    """
    for folder in unfinished.glob(f"{name}-*"):
        process = folder.name.rpartition("-")[2]
        if process == str(os.getpid()) or not is_running(process):
            shutil.rmtree(folder, ignore_errors=True)
    return unfinished / f"{name}-{os.getpid()}"


def staged_bytes(rows: Rows, features: Sequence[str]) -> float:
    """What the staged rows take of disk."""
    return float(rows.count * len(features) * _kind(rows, features).itemsize)


def stage(
    rows: Rows,
    features: Sequence[str],
    path: Path,
    *,
    missing_twos: str = "keep",
    force: bool = False,
    listener: Listener = SILENT,
) -> StagedRows:
    """Write the chosen rows to `path`, era by era, in bounded memory; the caller removes the file.

    missing_twos: "nan" has a feature that is 2 in every chosen row of an era count as missing there
    force: even where the disk looks too small
    Raises MemoryShort where the disk has no room, FileForeign naming absent features, FileDamaged,
    DiskError.
    """
    needed, free = staged_bytes(rows, features), free_bytes(path.parent)
    if needed > free and not force:
        raise MemoryShort(
            f"the rows of the training take {needed / GIGABYTE:.1f} GB of disk and"
            f" {free / GIGABYTE:.1f} GB are free at {path.parent}",
            hint="free some space, or take fewer features or a larger era_stride in the profile",
        )
    staged = _written(rows, features, path, missing_twos=missing_twos, listener=listener)
    # only now is the last row group let go of, which an allocator would keep while bins grow
    pa.default_memory_pool().release_unused()
    return staged


def _written(
    rows: Rows, features: Sequence[str], path: Path, *, missing_twos: str, listener: Listener
) -> StagedRows:
    kind = _kind(rows, features)
    eras: list[StagedEra] = []
    places: list[npt.NDArray[np.int64]] = []
    present = np.zeros((len(features), 256), dtype=np.bool_) if kind == np.int8 else None
    done = 0
    with (
        disk_errors(path),
        _new_file(path) as file,
        listener.task("reading", total=rows.count, unit="rows") as task,
    ):
        for code, chosen, table in _by_era(rows, features):
            part = table
            if missing_twos == "nan":
                part = without_missing_twos(table, np.zeros(table.num_rows, dtype=np.int32))
            cells = _cells(part, kind)
            if present is not None:
                _see(present, cells)
            file.write(np.ascontiguousarray(cells.T).data)
            eras.append(StagedEra(code, done, done + len(chosen)))
            places.append(chosen)
            done += len(chosen)
            task.advance(len(chosen))
    return StagedRows(path, len(features), kind, tuple(eras), np.concatenate(places), present)


def _see(present: npt.NDArray[np.bool_], columns: Cells) -> None:
    """Note the values that each feature has; columns: (features, rows) bytes."""
    if not columns.size:
        return
    for value in range(int(columns.min()), int(columns.max()) + 1):
        present[:, value + 128] |= (columns == value).any(axis=1)


def _new_file(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")


def _kind(rows: Rows, features: Sequence[str]) -> np.dtype[Any]:
    for source in rows.sources:
        source.data.require(features)
    types = {s.data.schema.field(name).type for s in rows.sources for name in features}
    return np.dtype(np.int8 if types == {pa.int8()} else np.float32)


def _by_era(
    rows: Rows, features: Sequence[str]
) -> Iterator[tuple[int, npt.NDArray[np.int64], pa.Table]]:
    """Era after era: its code, the places of its chosen rows among all, their cells."""
    before = 0
    for source, mask in zip(rows.sources, rows.masks, strict=True):
        place = before + np.cumsum(mask) - 1
        before += int(np.count_nonzero(mask))
        chosen_codes = np.unique(source.codes[mask])
        names = [source.eras[code] for code in chosen_codes]
        codes = dict(zip(names, chosen_codes.tolist(), strict=True))
        row_eras = RowEras(source.eras, source.codes)
        for era in eras_with_rows(source.data, features, eras=names, row_eras=row_eras):
            chosen = mask[era.rows]
            table = era.table if chosen.all() else era.table.filter(pa.array(chosen))
            yield codes[era.name], place[era.rows[chosen]], table


def _cells(table: pa.Table, kind: np.dtype[Any]) -> Cells:
    """(features, rows) in C order, absent values as they are kept."""
    columns = np.empty((table.num_columns, table.num_rows), dtype=kind)
    for place, column in enumerate(table.columns):
        if kind != np.int8:
            column = as_floats(column, pa.float32()).fill_null(np.nan)  # noqa: PLW2901 - its values
        elif column.null_count:
            _require_free(pc.min(column).as_py())
            column = column.fill_null(MISSING_BYTE)  # noqa: PLW2901 - its values
        columns[place] = column.to_numpy()
    if kind == np.int8 and columns.size and not any(one.null_count for one in table.columns):
        _require_free(columns.min())
    return columns


def _require_free(lowest: int | None) -> None:
    """Raise FileForeign where a feature holds the byte that stands for an absent value."""
    if lowest == MISSING_BYTE:
        raise FileForeign(
            f"a feature holds {MISSING_BYTE}, which none of the tournament's does",
            hint="is it a file of the tournament?",
        )
