"""Predictions and data with targets → scorecards, side by side, one era in memory at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from numeri_cli.commands.validate.purge import overlapping_eras
from numeri_cli.commands.validate.unscored import UnscoredEras
from numeri_cli.commands.validate.validation import (
    Coverage,
    PredictionSource,
    Validation,
)
from numeri_cli.dataset.by_era import EraTable, eras_with_rows
from numeri_cli.dataset.eras import chosen_eras, era_number, sort_eras
from numeri_cli.dataset.parquet import DataFile, RowEras, feature_matrix, float_column
from numeri_cli.dataset.prediction_files import FloatArray, Join, id_strings, join, read_id_column
from numeri_cli.dataset.targets import check_target
from numeri_cli.errors import PredictionsIds, TargetMissing
from numeri_cli.progress import SILENT, Listener
from numeri_cli.scoring.era import Era
from numeri_cli.scoring.parallel import in_order
from numeri_cli.scoring.ranks import known
from numeri_cli.scoring.score_table import SCORES, Score
from numeri_cli.scoring.scorecard import EraScores, collect, score_era

META_MODEL = "numerai_meta_model"

Order = slice | npt.NDArray[np.uint64]


def score_sources(
    sources: Sequence[PredictionSource],
    data: Path,
    *,
    target: str,
    features: Sequence[str] = (),
    meta_model: Path | None = None,
    benchmark: tuple[Path, str] | None = None,
    eras: Sequence[str] | None = None,
    table: Sequence[Score] = SCORES,
    listener: Listener = SILENT,
) -> Validation:
    """Score sources on a data file with targets; one era is in memory at a time.

    target: by its explicit name
    features: for fnc and the exposures; none leaves them out
    meta_model: a file with `numerai_meta_model` for mmc and cwmm
    benchmark: a file and its column for bmc
    eras: only these; names, or ranges such as "0900-0950"; all of the data file otherwise
    table: the scores to compute
    Raises FileMissing, FileDamaged, FileForeign, TargetAlias, TargetUnknown, TargetMissing,
    PredictionsIds (a source and the data have no id in common), PredictionsValues (no era can be
    scored), UsageProblem (no such era).
    """
    sources = _told_apart(sources)
    file = DataFile.open(data)
    check_target(file, target)
    file.require(list(features))
    row_eras = file.eras()
    wanted = chosen_eras(row_eras.names, eras)
    ids = id_strings(file)
    inputs = _Inputs(
        data=file,
        target=target,
        features=tuple(features),
        joins=tuple(_join_source(source, ids, data=file) for source in sources),
        meta=join(read_id_column(meta_model, META_MODEL), ids) if meta_model else None,
        bench=join(read_id_column(*benchmark), ids) if benchmark else None,
        table=tuple(table),
    )
    del ids
    scored, unresolved = _score(inputs, wanted, row_eras=row_eras, listener=listener)
    done = tuple(era.name for era in scored)
    unscored = [UnscoredEras.of(one.name, scored, place=place) for place, one in enumerate(sources)]
    for one in unscored:
        one.require_any()
    return Validation(
        data=data,
        target=target,
        sources=tuple(sources),
        cards=collect(
            scored,
            names=[source.name for source in sources],
            features=inputs.features,
            table=inputs.table,
        ),
        coverage=tuple(
            _coverage(scored, place, joined=one, seen=len(_seen(source, done, target=target)))
            for place, (source, one) in enumerate(zip(sources, inputs.joins, strict=True))
        ),
        eras=done,
        unresolved=unresolved,
        benchmark=inputs.bench.name if inputs.bench else None,
        features=len(features),
        warnings=(
            *filter(None, (one.warning() for one in unscored)),
            *_warnings(sources, inputs, scored=done),
        ),
    )


def _told_apart(sources: Sequence[PredictionSource]) -> list[PredictionSource]:
    """The sources, a second one of the same name as "name (2)"."""
    apart: list[PredictionSource] = []
    for source in sources:
        earlier = sum(other.name == source.name for other in sources[: len(apart)])
        name = f"{source.name} ({earlier + 1})" if earlier else source.name
        apart.append(replace(source, predictions=replace(source.predictions, name=name)))
    return apart


@dataclass(frozen=True, eq=False, kw_only=True)
class _Inputs:
    """The files, read and brought to the data's rows."""

    data: DataFile
    target: str
    features: tuple[str, ...]
    joins: tuple[Join, ...]
    meta: Join | None
    bench: Join | None
    table: tuple[Score, ...]

    @property
    def columns(self) -> list[str]:
        """Those of the data file that are read of each era."""
        return [self.data.id_column, self.target, *self.features]

    def of_era(self, era: EraTable) -> Era:
        """What the scores of one era rest on."""
        table = era.table
        predictions = np.stack([joined.values[era.rows] for joined in self.joins], axis=1)
        order: Order = slice(None)
        if _ties(predictions):  # TB200 takes those at its edge in the order of their ids
            order = pc.sort_indices(table.column(0).cast(pa.string())).to_numpy()
        rows = era.rows[order]
        return Era(
            name=era.name,
            predictions=predictions[order],
            target=float_column(table, self.target)[order],
            meta_model=None if self.meta is None else self.meta.values[rows],
            benchmark=None if self.bench is None else self.bench.values[rows],
            features=feature_matrix(table, self.features)[order] if self.features else None,
        )

    def score(self, era: EraTable) -> tuple[str, EraScores | None]:
        """Its name, and None where none of its targets is known yet."""
        inputs = self.of_era(era)
        if not known(inputs.target).any():
            return era.name, None
        return era.name, score_era(inputs, table=self.table)


def _score(
    inputs: _Inputs, wanted: Sequence[str], *, row_eras: RowEras, listener: Listener
) -> tuple[list[EraScores], tuple[str, ...]]:
    """The eras that have predictions and a target, in order of time; and those without target."""
    some = np.logical_or.reduce([known(joined.values) for joined in inputs.joins])
    predicted = {row_eras.names[code] for code in np.unique(row_eras.codes[some])}
    asked = tuple(name for name in wanted if name in predicted)
    if not asked:
        raise PredictionsIds(
            "no era that was asked for has a prediction",
            hint=f"there are predictions for {_span(predicted)}",
        )
    scored: list[EraScores] = []
    unresolved: list[str] = []
    with listener.task("scoring", total=len(asked), unit="eras") as task:
        eras = eras_with_rows(inputs.data, inputs.columns, eras=asked, row_eras=row_eras)
        for name, one in in_order(inputs.score, eras, features=len(inputs.features)):
            if one is None:
                unresolved.append(name)
            else:
                scored.append(one)
            task.advance(1)
    if not scored:
        raise TargetMissing(
            f"no era of {inputs.data.path.name} has values of {inputs.target} yet",
            hint="targets appear once their days have passed; take older eras or a shorter target",
        )
    scored.sort(key=lambda era: (era_number(era.name), era.name))
    return scored, sort_eras(unresolved)


def _ties(predictions: FloatArray) -> bool:
    """Whether any column, (n, k), has a value twice."""
    ordered = np.sort(predictions, axis=0)
    return bool((ordered[1:] == ordered[:-1]).any())


def _seen(source: PredictionSource, scored: Sequence[str], *, target: str) -> tuple[str, ...]:
    """The scored eras that a source's model knows from its training."""
    return overlapping_eras(source.training_eras, scored, target=target, purge=source.purge_eras)


def _coverage(scored: Sequence[EraScores], place: int, *, joined: Join, seen: int) -> Coverage:
    predicted = [int(era.predicted[place]) for era in scored]
    return Coverage(
        rows=sum(era.ids for era in scored),
        predicted=sum(predicted),
        surplus=joined.surplus,
        eras=sum(count > 0 for count in predicted),
        seen_in_training=seen,
    )


def _join_source(source: PredictionSource, ids: pa.ChunkedArray, *, data: DataFile) -> Join:
    joined = join(source.predictions, ids)
    if not joined.matched:
        raise PredictionsIds(
            f"{source.name} and {data.path.name} have no id in common",
            hint="were the predictions made for another file or another data version?",
        )
    return joined


def _warnings(
    sources: Sequence[PredictionSource], inputs: _Inputs, *, scored: Sequence[str]
) -> tuple[str, ...]:
    found = []
    for source, joined in zip(sources, inputs.joins, strict=True):
        overlap = _seen(source, scored, target=inputs.target)
        if overlap:
            found.append(
                f"{source.name} was trained on eras up to {sort_eras(source.training_eras)[-1]}: "
                f"{len(overlap)} of {len(scored)} scored eras are not out of its sample"
            )
        if joined.surplus:
            found.append(f"{source.name} has {joined.surplus:,} ids that the data lacks")
    others = [other for other in (inputs.meta, inputs.bench) if other and not other.matched]
    return (*found, *(f"{other.name} has none of the data's ids" for other in others))


def _span(names: set[str]) -> str:
    ordered = sort_eras(names)
    return f"eras {ordered[0]} to {ordered[-1]}" if ordered else "no era"
