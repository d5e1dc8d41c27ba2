"""What predictions are made independent of, brought to the rows of a data file, era by era."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from numeri_cli.dataset.features import FeatureFile
from numeri_cli.dataset.parquet import DataFile, float_column
from numeri_cli.dataset.prediction_files import ID_COLUMNS, IdColumn, read_table
from numeri_cli.errors import FileForeign, FileMissing
from numeri_cli.learning.joined_columns import JoinedColumns
from numeri_cli.learning.matrix import float_rows
from numeri_cli.model_spec import Neutralization
from numeri_cli.progress import Listener
from numeri_cli.tournaments import CLASSIC

FloatArray = npt.NDArray[np.float64]
_NO_NUMBERS = ("era", "data_type")  # columns of such files that are none
_MOST_MISSING = 0.2  # of an era, which may be filled; scores lose no more either


def resolved(
    neutralization: Neutralization | None, feature_file: FeatureFile
) -> Neutralization | None:
    """A neutralization with names of features in place of sets, and its files' whole paths.

    Raises FeatureUnknown.
    """
    if neutralization is None:
        return None
    folder = feature_file.folder or Path()
    steps = []
    for step in neutralization.steps:
        names = feature_file.features(step.features) if step.features else ()
        file = None if step.file is None else str(folder / step.file)
        steps.append(step.model_copy(update={"features": names, "file": file}))
    return steps[0].model_copy(update={"then": tuple(steps[1:])}) if steps else None


def feature_names(neutralization: Neutralization | None) -> tuple[str, ...]:
    """The features of all steps of a neutralization that was resolved."""
    if neutralization is None:
        return ()
    names: dict[str, None] = {}
    for step in neutralization.steps:
        if isinstance(step.features, str):
            raise TypeError("the set to neutralize against has to be resolved to names first")
        names |= dict.fromkeys(step.features)
    return tuple(names)


def files_of(neutralization: Neutralization | None, data: Path) -> tuple[Path, ...]:
    """The files beside a data file's own that its predictions depend on then."""
    found: dict[Path, None] = {}
    for step in neutralization.steps if neutralization else ():
        if step.benchmark:
            found[data.with_name(CLASSIC.files.benchmarks_of(data.name))] = None
        if step.file:
            found[Path(step.file)] = None
    return tuple(found)


@dataclass(frozen=True, eq=False)
class NeutralizingColumns:
    """What each step takes out of the predictions for one data file.

    steps: resolved, in their order
    """

    data: DataFile
    steps: tuple[Neutralization, ...]
    listener: Listener

    def of_era(self, era: str, table: pa.Table) -> list[tuple[npt.NDArray[np.floating], float]]:
        """(n_ids, n_columns) and the proportion of each step that has columns in this era.

        table: the era's rows with the features of all steps
        Raises FileForeign where other files lack more than a fifth of the era's ids; an era of
        which they know nothing is only told, unless it is live.
        """
        found: list[tuple[npt.NDArray[np.floating], float]] = []
        for place, step in enumerate(self.steps):
            features = float_rows(table, step.features) if step.features else None
            others = self._others[place]
            if others is None:
                if features is not None:
                    found.append((features, step.proportion))
                continue
            columns = self._complete(others.of_era(era), era, step)
            parts = [part for part in (features, columns) if part is not None]
            if parts:
                found.append((np.concatenate(parts, axis=1), step.proportion))
        return found

    def _complete(self, columns: FloatArray, era: str, step: Neutralization) -> FloatArray | None:
        missing = int(np.count_nonzero(np.isnan(columns).any(axis=1)))
        share = missing / len(columns) if len(columns) else 0.0
        name = step.columns_words
        if share == 1.0 and not self._is_live:
            self.listener.say(f"era {era} is not in {name}: not neutralized against it")
            return None
        if share > _MOST_MISSING:
            raise FileForeign(
                f"{name} lacks {missing:,} of {len(columns):,} ids of era {era} in"
                f" {self.data.path.name}",
                hint="bring the file of the same data, or take it out of `neutralize`",
            )
        return np.where(np.isnan(columns), np.nanmean(columns, axis=0), columns)

    @cached_property
    def _is_live(self) -> bool:
        return self.data.is_live()

    @cached_property
    def _others(self) -> tuple[JoinedColumns | None, ...]:
        """Per step the columns of other files; None where it has none."""
        return tuple(self._joined(step) for step in self.steps)

    def _joined(self, step: Neutralization) -> JoinedColumns | None:
        columns: list[IdColumn] = []
        if step.benchmark:
            [path] = files_of(step.model_copy(update={"file": None}), self.data.path)
            columns += _columns(path, step.benchmark)
        if step.file:
            columns += _columns(Path(step.file), None)
        return JoinedColumns(self.data, tuple(columns)) if columns else None


def _columns(path: Path, names: Sequence[str] | None) -> list[IdColumn]:
    """Columns of numbers by their ids; all of them where names is None.

    Raises FileMissing, FileDamaged, FileForeign.
    """
    if not path.is_file():
        raise FileMissing(
            f"`neutralize` of the profile needs {path}",
            hint=f"`numeri download {path.name}` brings a benchmark file; a file of your own lies"
            " beside the profile",
        )
    table = read_table(path)
    ids = next((name for name in ID_COLUMNS if name in table.column_names), None)
    known = [name for name in table.column_names if name not in (ids, *_NO_NUMBERS)]
    absent = [name for name in names or known[:1] if name not in known]
    if ids is None or not known or absent:
        raise FileForeign(
            f"{path} lacks {absent[0] if absent else 'a column id, or one of numbers'}",
            hint=f"it has {', '.join(table.column_names[:12])}",
        )
    texts = table.column(ids).cast(pa.string()).combine_chunks()
    found = []
    for name in names or known:
        try:
            found.append(IdColumn(name, texts, float_column(table, name)))
        except pa.ArrowException:
            raise FileForeign(f"{path}: {name} is no column of numbers", hint="drop it") from None
    return found
