"""Predictions and data with targets → scorecards, side by side, one era in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np

from numeri_cli.commands.validate.inputs import ScoringInputs
from numeri_cli.commands.validate.purge import overlapping_eras
from numeri_cli.commands.validate.unscored import UnscoredEras
from numeri_cli.commands.validate.validation import (
    Coverage,
    LeftOut,
    Likeness,
    PredictionSource,
    Validation,
)
from numeri_cli.dataset.by_era import eras_with_rows
from numeri_cli.dataset.eras import chosen_eras, era_number, sort_eras
from numeri_cli.dataset.prediction_files import Join, read_id_column
from numeri_cli.errors import PredictionsIds, TargetMissing
from numeri_cli.progress import SILENT, Listener
from numeri_cli.scoring.parallel import in_order
from numeri_cli.scoring.ranks import known
from numeri_cli.scoring.score_table import SCORES, Score
from numeri_cli.scoring.scorecard import EraScores, Scorecard, collect

META_MODEL = "numerai_meta_model"


def score_sources(
    sources: Sequence[PredictionSource],
    data: Path,
    *,
    target: str,
    features: Sequence[str] = (),
    meta_model: Path | None = None,
    benchmark: tuple[Path, str] | None = None,
    eras: Sequence[str] | None = None,
    more: Sequence[tuple[Path, tuple[Path, str] | None]] = (),
    table: Sequence[Score] = SCORES,
    listener: Listener = SILENT,
) -> Validation:
    """Score sources on data files with targets; one era is in memory at a time.

    target: by its explicit name
    features: for fnc and the exposures; none leaves them out
    meta_model: a file with `numerai_meta_model` for mmc and cwmm
    benchmark: a file and its column for bmc
    eras: only these; names, or ranges such as "0900-0950"; all of the data file otherwise
    more: further data files of other eras, each with its benchmark file and column
    table: the scores to compute
    Raises FileMissing, FileDamaged, FileForeign, TargetAlias, TargetUnknown, TargetMissing,
    PredictionsIds (a source and the data have no id in common), PredictionsValues (no era can be
    scored), UsageProblem (no such era).
    """
    sources = _told_apart(sources)
    inputs = _read(
        sources,
        ((data, benchmark), *more),
        target=target,
        features=tuple(features),
        meta_model=meta_model,
        table=tuple(table),
    )
    _require_ids(sources, inputs)
    names = [name for one in inputs for name in one.row_eras.names]
    chosen = chosen_eras(names, eras)
    scored, unresolved = _score(inputs, chosen, listener=listener)
    done = tuple(era.name for era in scored)
    seen = [_seen(source, done, target=target) for source in sources]
    unscored = [UnscoredEras.of(one.name, scored, place=place) for place, one in enumerate(sources)]
    for one in unscored:
        one.require_any()
    bench = next((one.bench for one in inputs if one.bench), None)
    cards = collect(
        scored,
        names=_names_of_columns(sources, bench),
        features=tuple(features),
        table=tuple(table),
    )
    own, (bench_card, *raws) = cards[: len(sources)], cards[len(sources) :]
    return Validation(
        data=data,
        more_data=tuple(path for path, _ in more),
        target=target,
        sources=tuple(sources),
        cards=own,
        raw_cards=_placed(sources, raws),
        benchmark_card=bench_card if bench else None,
        likeness=_likeness(sources, scored),
        coverage=_coverage(sources, inputs, scored=scored, seen=seen),
        eras=done,
        unresolved=unresolved,
        left_out=(
            *_left_out(inputs, chosen, unresolved=unresolved),
            *(out for one in unscored for out in one.left_out()),
        ),
        benchmark=bench.name if bench else None,
        features=len(features),
        warnings=(
            *filter(None, (one.warning() for one in unscored)),
            *_warnings(sources, inputs, seen=seen, scored=done),
        ),
    )


def _read(
    sources: Sequence[PredictionSource],
    files: Sequence[tuple[Path, tuple[Path, str] | None]],
    *,
    target: str,
    features: tuple[str, ...],
    meta_model: Path | None,
    table: tuple[Score, ...],
) -> list[ScoringInputs]:
    """Everything joined to each data file; files: each with its benchmark file and column."""
    meta = read_id_column(meta_model, META_MODEL) if meta_model else None
    return [
        ScoringInputs.read(
            sources,
            path,
            target=target,
            features=features,
            meta=meta,
            benchmark=column,
            table=table,
        )
        for path, column in files
    ]


def _told_apart(sources: Sequence[PredictionSource]) -> list[PredictionSource]:
    """The sources, a second one of the same name as "name (2)"."""
    apart: list[PredictionSource] = []
    for source in sources:
        earlier = sum(other.name == source.name for other in sources[: len(apart)])
        name = f"{source.name} ({earlier + 1})" if earlier else source.name
        apart.append(replace(source, predictions=replace(source.predictions, name=name)))
    return apart


def _score(
    inputs: Sequence[ScoringInputs], wanted: Sequence[str], *, listener: Listener
) -> tuple[list[EraScores], tuple[str, ...]]:
    """The eras that have predictions and a target, in order of time; and those without target."""
    predicted = [one.predicted_eras for one in inputs]
    asked = [[name for name in wanted if name in eras] for eras in predicted]
    if not any(asked):
        raise PredictionsIds(
            "no era that was asked for has a prediction",
            hint=f"there are predictions for {_span(set().union(*predicted))}",
        )
    scored: list[EraScores] = []
    unresolved: list[str] = []
    with listener.task("scoring", total=sum(map(len, asked)), unit="eras") as task:
        for one, names in zip(inputs, asked, strict=True):
            eras = eras_with_rows(one.data, one.columns, eras=names, row_eras=one.row_eras)
            for name, scores in in_order(one.score, eras, features=len(one.features)):
                if scores is None:
                    unresolved.append(name)
                else:
                    scored.append(scores)
                task.advance(1)
    if not scored:
        raise TargetMissing(
            f"no era of {_names(inputs)} has values of {inputs[0].target} yet",
            hint="targets appear once their days have passed; take older eras or a shorter target",
        )
    scored.sort(key=lambda era: (era_number(era.name), era.name))
    return scored, sort_eras(unresolved)


def _names_of_columns(sources: Sequence[PredictionSource], bench: Join | None) -> list[str]:
    """Names of the sources, the benchmark and what is known from before the neutralization."""
    raws = [source.name for source in sources if source.raw is not None]
    return [*(source.name for source in sources), bench.name if bench else "", *raws]


def _placed(
    sources: Sequence[PredictionSource], raws: Sequence[Scorecard]
) -> tuple[Scorecard | None, ...]:
    """By source, its card of before the neutralization; None where it has none."""
    left = iter(raws)
    return tuple(None if source.raw is None else next(left) for source in sources)


def _left_out(
    inputs: Sequence[ScoringInputs], chosen: Sequence[str], *, unresolved: tuple[str, ...]
) -> Iterator[LeftOut]:
    """Eras of those chosen that are in no score of any source."""
    if unresolved:
        words = f"have no values of {inputs[0].target} yet"
        yield LeftOut(reason="no target", eras=unresolved, words=words)
    predicted = set().union(*(one.predicted_eras for one in inputs))
    absent = tuple(name for name in chosen if name not in predicted)
    if absent:
        yield LeftOut(reason="no prediction", eras=absent, words="have no prediction here")


def _names(inputs: Sequence[ScoringInputs]) -> str:
    return " and ".join(one.data.path.name for one in inputs)


def _likeness(
    sources: Sequence[PredictionSource], scored: Sequence[EraScores]
) -> tuple[Likeness, ...]:
    """The mean over the eras of the correlation of every two sources."""
    found = []
    for first, second in combinations(range(len(sources)), 2):
        values = np.array([era.likeness[first, second] for era in scored])
        there = values[known(values)]
        if len(there):
            found.append(
                Likeness(
                    first=sources[first].name,
                    second=sources[second].name,
                    mean=float(there.mean()),
                    eras=len(there),
                )
            )
    return tuple(found)


def _seen(source: PredictionSource, scored: Sequence[str], *, target: str) -> tuple[str, ...]:
    """The scored eras that a source's model knows from its training."""
    return overlapping_eras(source.training_eras, scored, target=target, purge=source.purge_eras)


def _coverage(
    sources: Sequence[PredictionSource],
    inputs: Sequence[ScoringInputs],
    *,
    scored: Sequence[EraScores],
    seen: Sequence[Sequence[str]],
) -> tuple[Coverage, ...]:
    """How much of the scored eras the sources cover.

    seen: by source, the scored eras that its model knows
    """
    found = []
    for place, source in enumerate(sources):
        predicted = [int(era.predicted[place]) for era in scored]
        joins = [one.joins[place] for one in inputs]
        found.append(
            Coverage(
                rows=sum(era.ids for era in scored),
                predicted=sum(predicted),
                surplus=_surplus(joins, len(source.predictions.ids)),
                eras=sum(count > 0 for count in predicted),
                seen_in_training=len(seen[place]),
                held_out=len(set(seen[place]) & set(source.held_out_eras)),
                purged=len(set(seen[place]) - set(source.training_eras)),
            )
        )
    return tuple(found)


def _surplus(joins: Sequence[Join], ids: int) -> int:
    """How many ids no data file has."""
    return ids - sum(ids - joined.surplus for joined in joins)


def _require_ids(sources: Sequence[PredictionSource], inputs: Sequence[ScoringInputs]) -> None:
    for place, source in enumerate(sources):
        if not any(one.joins[place].matched for one in inputs):
            raise PredictionsIds(
                f"{source.name} and {_names(inputs)} have no id in common",
                hint="were the predictions made for another file or another data version?",
            )


def _warnings(
    sources: Sequence[PredictionSource],
    inputs: Sequence[ScoringInputs],
    *,
    seen: Sequence[Sequence[str]],
    scored: Sequence[str],
) -> tuple[str, ...]:
    """seen: of the scored eras, those that each source's model knows"""
    found = []
    for place, source in enumerate(sources):
        if seen[place]:
            found.append(
                f"{source.name} was trained on eras up to {sort_eras(source.training_eras)[-1]}: "
                f"{len(seen[place])} of {len(scored)} scored eras are not out of its sample"
            )
        joins = [one.joins[place] for one in inputs]
        surplus = _surplus(joins, len(source.predictions.ids))
        if surplus:
            found.append(f"{source.name} has {surplus:,} ids that the data lacks")
    others = ([one.meta for one in inputs], [one.bench for one in inputs])
    return (*found, *(words for some in others for words in _unmatched(some)))


def _unmatched(joins: Sequence[Join | None]) -> Iterator[str]:
    """A word on a column that has none of the ids of any data file."""
    there = [one for one in joins if one is not None]
    if there and not any(one.matched for one in there):
        yield f"{there[0].name} has none of the data's ids"


def _span(names: set[str]) -> str:
    ordered = sort_eras(names)
    return f"eras {ordered[0]} to {ordered[-1]}" if ordered else "no era"
