"""A prediction file → the same predictions with their linear part in the features taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring, missing
from numeri_cli.commands.words import data_file
from numeri_cli.dataset.by_era import EraTable, eras_with_rows
from numeri_cli.dataset.features import FeatureFile
from numeri_cli.dataset.parquet import DataFile, RowEras, feature_matrix
from numeri_cli.dataset.prediction_files import (
    SUFFIXES,
    IdColumn,
    id_strings,
    join,
    prediction_writer,
    read_predictions,
    require_suffix,
)
from numeri_cli.errors import PredictionsIds, PredictionsValues, UsageProblem
from numeri_cli.progress import SILENT, Listener
from numeri_cli.published import Published
from numeri_cli.scoring import neutral
from numeri_cli.scoring.parallel import in_order
from numeri_cli.scoring.ranks import FloatArray, gaussianize, known, rank_uniform
from numeri_cli.scoring.scores import exposures

COARSE = tuple(step / 20 for step in range(21))
FINE_STEPS = 50  # within a coarse one: proportions are found to 0.001


@dataclass(frozen=True, kw_only=True)
class LargestExposure(Published):
    """The largest correlation with a feature in any era; size is its magnitude."""

    size: float
    feature: str
    era: str


@dataclass(frozen=True, kw_only=True)
class NeutralizedFile(Published):
    """A neutralized prediction file that was written; features: how many it was neutralized to."""

    path: Path
    rows: int
    eras: tuple[str, ...]
    proportion: float
    features: int
    before: LargestExposure
    after: LargestExposure


def neutralize(
    context: Context,
    file: Path,
    *,
    data: str = "live",
    features: str,
    proportion: float | None = None,
    max_exposure: float | None = None,
    output: Path | None = None,
) -> NeutralizedFile:
    """Neutralize a prediction file against a set of features.

    data: what the predictions are for, as `data_file` takes it; features: the name of a set
    proportion: 0.5 where neither it nor max_exposure is given
    output: beside the file where None
    """
    context.require_profile()
    context.make_practice()
    name = context.files.features
    if missing(context, (name,)):
        bring(context, (name,))
    if proportion is None and max_exposure is None:
        proportion = 0.5
    return neutralize_file(
        file,
        data_file(context, data),
        output=(output or _beside(file)).absolute(),
        features=FeatureFile.read(context.file(name)).features(features),
        proportion=proportion,
        max_exposure=max_exposure,
        listener=context.listener,
    )


def _beside(file: Path) -> Path:
    """Where the neutralized file is put by default; one without a suffix of its own gets CSV's."""
    suffix = file.suffix if file.suffix.lower() in SUFFIXES else ".csv"
    return file.with_name(f"{file.stem}-neutral{suffix}")


def neutralize_file(
    predictions: Path,
    data: Path,
    *,
    output: Path,
    features: Sequence[str],
    proportion: float | None = None,
    max_exposure: float | None = None,
    listener: Listener = SILENT,
) -> NeutralizedFile:
    """Per era: gaussianize, take out `proportion` of the fit on the features, rank into (0, 1).

    data: any data file that has all ids of the predictions
    output: .parquet or .csv; `id` and `prediction` in the order of the prediction file
    max_exposure: instead of a proportion; the smallest one is taken, to 0.001, with which the
    largest exposure of any era, after the ranking, stays below this
    Raises what reading either file raises, PredictionsIds (ids the data lacks), PredictionsValues
    (NaN), UsageProblem (neither or both given, or no proportion is enough), DiskError.
    """
    _check_options(proportion, max_exposure, features=features)
    require_suffix(output)
    column = read_predictions(predictions)
    joined = _Joined.of(column, DataFile.open(data), features=tuple(features))
    if max_exposure is None:
        asked: tuple[float, ...] = (0.0, float(proportion or 0))
        swept = _sweep(joined, asked, listener=listener)
        before, place = swept.largest[0], 1
    else:
        coarse = _sweep(joined, COARSE, listener=listener)
        before, asked = coarse.largest[0], _around(coarse, max_exposure)
        swept = _sweep(joined, asked, listener=listener)
        place = _first_below(swept, max_exposure)
    chosen, after = asked[place], swept.largest[place]
    made = IdColumn("prediction", joined.ids, swept.at(chosen, joined))
    in_order_of_file = join(made, column.ids).values
    with prediction_writer(output) as writer:
        writer.write(column.ids, in_order_of_file)
    listener.step("neutralized")
    return NeutralizedFile(
        path=output,
        rows=len(column.ids),
        eras=joined.eras,
        proportion=chosen,
        features=len(features),
        before=before,
        after=after,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Joined:
    """The predictions on the rows of the data file: values (rows,), NaN where there is none."""

    file: DataFile
    features: tuple[str, ...]
    row_eras: RowEras
    ids: pa.Array
    values: FloatArray
    eras: tuple[str, ...]

    @classmethod
    def of(cls, column: IdColumn, file: DataFile, *, features: tuple[str, ...]) -> _Joined:
        """Raises FileForeign (a feature is missing), PredictionsValues, PredictionsIds."""
        file.require(features)
        missing = int(np.isnan(column.values).sum())
        if missing:
            raise PredictionsValues(
                f"{missing:,} predictions are no number", hint="every id needs a prediction"
            )
        ids = id_strings(file)
        joined = join(column, ids)
        if joined.surplus:
            raise PredictionsIds(
                f"{file.path.name} lacks {joined.surplus:,} of the predictions' ids",
                hint="take the data file that the predictions were made for",
            )
        row_eras = file.eras()
        counts = np.bincount(row_eras.codes[known(joined.values)], minlength=len(row_eras.names))
        eras = tuple(row_eras.names[code] for code in np.flatnonzero(counts))
        alone = [name for name, count in zip(row_eras.names, counts, strict=True) if count == 1]
        if alone:
            raise PredictionsIds(
                f"there is one prediction alone in {len(alone):,} eras, such as era {alone[0]}",
                hint="neutralizing needs at least two rows of an era: give all of its rows",
            )
        return cls(
            file=file,
            features=features,
            row_eras=row_eras,
            ids=ids.combine_chunks(),
            values=joined.values,
            eras=eras,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class _EraSweep:
    """rows: (n,) positions in the file; gaussian, fit: (n,); loads: (n_proportions, n_features)."""

    name: str
    rows: npt.NDArray[np.int64]
    gaussian: FloatArray
    fit: FloatArray
    loads: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class _Swept:
    """largest: per proportion, over all eras; gaussian, fit: (rows,) of the data file."""

    largest: tuple[LargestExposure, ...]
    gaussian: FloatArray
    fit: FloatArray

    def at(self, proportion: float, joined: _Joined) -> FloatArray:
        """(rows,) the predictions neutralized by so much, ranked within their era."""
        left = self.gaussian - proportion * self.fit
        result = np.full(len(left), np.nan)
        order = np.argsort(joined.row_eras.codes, kind="stable")
        edges = np.flatnonzero(np.diff(joined.row_eras.codes[order])) + 1
        for rows in np.split(order, edges):
            result[rows] = rank_uniform(left[rows])
        return result


def _sweep(joined: _Joined, proportions: Sequence[float], *, listener: Listener) -> _Swept:
    """Every era once: fits, and the exposures after neutralizing by each proportion."""
    width = len(joined.features)
    gaussian = np.full(len(joined.values), np.nan)
    fit = np.full(len(joined.values), np.nan)
    largest = [LargestExposure(size=0.0, feature="", era="")] * len(proportions)

    def one(era: EraTable) -> _EraSweep:
        return _sweep_era(joined, proportions, era=era)

    columns = [*joined.features]
    with listener.task("neutralizing", total=len(joined.eras), unit="eras") as task:
        eras = eras_with_rows(joined.file, columns, eras=joined.eras, row_eras=joined.row_eras)
        for era in in_order(one, eras, features=width):
            gaussian[era.rows], fit[era.rows] = era.gaussian, era.fit
            sizes = np.nan_to_num(np.abs(era.loads))
            for place, worst in enumerate(sizes.argmax(axis=1)):
                size = float(sizes[place, worst])
                if size > largest[place].size:
                    largest[place] = LargestExposure(
                        size=size, feature=joined.features[worst], era=era.name
                    )
            task.advance(1)
    return _Swept(largest=tuple(largest), gaussian=gaussian, fit=fit)


def _sweep_era(joined: _Joined, proportions: Sequence[float], *, era: EraTable) -> _EraSweep:
    there = known(joined.values[era.rows])
    rows = era.rows[there]
    features = feature_matrix(era.table, joined.features)[there]
    gaussian = gaussianize(joined.values[rows])
    fit = np.zeros(len(rows))
    if gaussian.min() != gaussian.max():
        fit = gaussian - neutral.neutralize(gaussian, features)
    left = rank_uniform(gaussian[:, None] - fit[:, None] * np.array(proportions))
    return _EraSweep(
        name=era.name, rows=rows, gaussian=gaussian, fit=fit, loads=exposures(left, features)
    )


def _around(swept: _Swept, limit: float) -> tuple[float, ...]:
    """Fine proportions from the last coarse one that is too small to the first that is enough."""
    place = _first_below(swept, limit)
    if place == 0:
        return (0.0,)
    step = (COARSE[place] - COARSE[place - 1]) / FINE_STEPS
    fine = (COARSE[place - 1] + step * count for count in range(1, FINE_STEPS + 1))
    return tuple(round(proportion, 3) for proportion in fine)


def _first_below(swept: _Swept, limit: float) -> int:
    """Position of the first proportion that is enough. Raises UsageProblem where none is."""
    for place, exposure in enumerate(swept.largest):
        if exposure.size < limit:
            return place
    least = min(swept.largest, key=lambda exposure: exposure.size)
    raise UsageProblem(
        f"no proportion brings the largest exposure below {limit:g}; "
        f"the least is {least.size:.3f} ({least.feature} in era {least.era})",
        hint="the final ranking brings a little back; allow more, or take fewer features",
    )


def _check_options(
    proportion: float | None, max_exposure: float | None, *, features: Sequence[str]
) -> None:
    if (proportion is None) == (max_exposure is None):
        raise UsageProblem(
            "give either a proportion or a largest exposure", hint="such as --proportion 0.5"
        )
    given = proportion if max_exposure is None else max_exposure
    if given is None or not 0 <= given <= 1:
        raise UsageProblem(f"{given} does not lie between 0 and 1", hint="0.5 is usual")
    if not features:
        raise UsageProblem("there are no features to neutralize against", hint="name a set")
