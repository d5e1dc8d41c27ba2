"""Which rows of which files train: chosen eras, resolved targets; the rest is counted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from numeri_cli.dataset.eras import sort_eras
from numeri_cli.dataset.parquet import (
    DataFile,
    float_column,
)
from numeri_cli.dataset.targets import check_target
from numeri_cli.errors import TargetMissing


@dataclass(frozen=True)
class Source:
    """A data file, the digest of its bytes and the era of its rows."""

    data: DataFile
    digest: str
    eras: tuple[str, ...]
    codes: npt.NDArray[np.int32]  # (rows,) positions in `eras`, which all sources share


@dataclass(frozen=True)
class Rows:
    """Chosen rows of one or several files, in their order.

    masks: per source (rows of the file,) whether a row is chosen
    """

    sources: tuple[Source, ...]
    masks: tuple[npt.NDArray[np.bool_], ...]

    @property
    def count(self) -> int:
        """How many rows are chosen."""
        return int(sum(np.count_nonzero(mask) for mask in self.masks))

    @property
    def codes(self) -> npt.NDArray[np.int32]:
        """(count,) the chosen rows' eras, as positions in `eras`."""
        parts = [s.codes[mask] for s, mask in zip(self.sources, self.masks, strict=True)]
        return np.concatenate(parts)

    @property
    def eras(self) -> tuple[str, ...]:
        """The names that `codes` point into."""
        return self.sources[0].eras

    def chosen_eras(self) -> tuple[str, ...]:
        """The eras that have a chosen row, in order of time."""
        return sort_eras(self.eras[code] for code in np.unique(self.codes))

    def are_whole_numbers(self, features: Sequence[str]) -> bool:
        """Whether each of these features is a whole number in every file."""
        fields = [s.data.schema.field(name).type for s in self.sources for name in features]
        return all(pa.types.is_integer(kind) for kind in fields)

    def digest(self) -> str:
        """SHA-256 of the files and of which of their rows, in hex."""
        hasher = hashlib.sha256()
        for source, mask in zip(self.sources, self.masks, strict=True):
            hasher.update(source.digest.encode())
            hasher.update(np.packbits(mask).tobytes())
        return hasher.hexdigest()

    def within(self, whole: Rows) -> npt.NDArray[np.bool_]:
        """(whole.count,) which rows of `whole`, of which these are some, are these."""
        pairs = zip(self.masks, whole.masks, strict=True)
        return np.concatenate([mask[outer] for mask, outer in pairs])


@dataclass(frozen=True)
class LabelledRows:
    """Rows with the value of a target; none is NaN.

    labels: (rows.count,) float32
    dropped: rows of the chosen eras whose target was not resolved
    """

    rows: Rows
    labels: npt.NDArray[np.float32]
    dropped: int


def open_sources(files: Sequence[tuple[DataFile, str]]) -> tuple[Source, ...]:
    """Files with their digests → sources that share one list of eras."""
    per_file = [data.eras() for data, _ in files]
    names = sort_eras(name for eras in per_file for name in eras.names)
    place = {name: index for index, name in enumerate(names)}
    sources = []
    for (data, digest), eras in zip(files, per_file, strict=True):
        translate = np.array([place[name] for name in eras.names], dtype=np.int32)
        codes = translate[eras.codes] if len(translate) else eras.codes
        sources.append(Source(data, digest, names, codes))
    return tuple(sources)


def rows_of_eras(sources: tuple[Source, ...], eras: Sequence[str]) -> Rows:
    """Every row of these eras."""
    wanted = np.isin(np.array(sources[0].eras), np.array(eras))
    masks = [wanted[s.codes] if len(wanted) else np.zeros(0, np.bool_) for s in sources]
    return Rows(sources, tuple(masks))


def with_target(rows: Rows, target: str) -> LabelledRows:
    """Those rows whose target is resolved, with its values.

    Raises TargetAlias, TargetUnknown; TargetMissing where no chosen row has a value.
    """
    masks, labels, dropped = [], [], 0
    for source, mask in zip(rows.sources, rows.masks, strict=True):
        check_target(source.data, target)
        values = float_column(source.data.read([target]), target)
        resolved = mask & ~np.isnan(values)
        dropped += int(np.count_nonzero(mask) - np.count_nonzero(resolved))
        masks.append(resolved)
        labels.append(values[resolved].astype(np.float32))
    chosen = Rows(rows.sources, tuple(masks))
    if not chosen.count:
        raise TargetMissing(
            f"no row of the chosen eras has a value for {target}",
            hint="choose earlier eras, or another target",
        )
    return LabelledRows(chosen, np.concatenate(labels), dropped)
