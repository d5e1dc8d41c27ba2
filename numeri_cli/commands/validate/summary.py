"""A validation without its arrays: what `numeri validate` publishes.

The payout is a share of the stake at risk in a round; churn is how much a model's predictions
change in a week.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.validate.figure_lines import PAYOUT, FigureLine, shown_lines
from numeri_cli.commands.validate.notes import notes_of
from numeri_cli.commands.validate.outlook import SourceOutlook, outlook
from numeri_cli.commands.validate.validation import Coverage, LeftOut, Validation
from numeri_cli.dataset.eras import era_ranges
from numeri_cli.published import Published
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import Summary

MOST_GAINS = 25  # features of a model that are told
_MOST_RANGES = 4  # of eras that are left out


@dataclass(frozen=True, kw_only=True)
class SeenEras(Published):
    """Scored eras that a model knows from its training, each counted once.

    trained_on: it learned from them; held_out: they ended its training; purged: neither, but so
    near that their targets share days with those of its training
    """

    trained_on: int
    held_out: int
    purged: int


@dataclass(frozen=True, kw_only=True)
class SourceSummary(Published):
    """One source with the summary of every score, and of the payout where its rule is known.

    churn: None where ids cannot be followed
    seen_in_training: how many of the scored eras the model knows from its training: they were
    trained on, held out, or near such eras; None for a file of which nobody knows what made it
    seen_eras: these by kind; None with it
    gain_importance: (feature, share of the gain) of the features that its trees rest on most
    targets: that the model was trained for; empty where nobody knows
    """

    name: str
    predicted_rows: int
    rows: int
    scores: dict[str, Summary]
    largest_exposure: float
    most_exposed_feature: str
    churn: float | None
    seen_in_training: int | None
    outlook: SourceOutlook
    gain_importance: tuple[tuple[str, float], ...] = ()
    seen_eras: SeenEras | None = None
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LeftOutEras(Published):
    """Eras that are in no score, or in none of one source.

    reason: see `LeftOut`; source: None where they are left out for all; words: such as "8 eras
    (0049–0056) lie within 8 eras of the training of lighthouse"
    """

    reason: str
    source: str | None
    eras: int
    first_era: str
    last_era: str
    words: str


@dataclass(frozen=True, kw_only=True)
class TargetEras(Published):
    """A further target, and the eras that were scored on it."""

    target: str
    eras: int
    first_era: str
    last_era: str


@dataclass(frozen=True, kw_only=True)
class PairedDifference(Published):
    """Two sources in one score, CORR or MMC, tested era by era; `first` − `second`.

    told_apart: the difference is more than noise; eras_needed: for that, if it stays as it is
    t_limit: beyond which t is more than noise; infinite, null in JSON, for too few eras
    label: the score as tables name it
    standard_error: Newey and West's, over so many lags; eras: that both have
    """

    first: str
    second: str
    mean_difference: float
    t: float
    eras_needed: float
    score: str = "corr"
    standard_error: float = math.nan
    lags: int = 0
    eras: int = 0
    label: str = ""
    told_apart: bool = False
    t_limit: float = math.nan


@dataclass(frozen=True, kw_only=True)
class SourceCorrelation(Published):
    """The mean over eras of the correlation of two sources, ranked and gaussianized."""

    first: str
    second: str
    correlation: float
    eras: int


@dataclass(frozen=True, kw_only=True)
class PayoutFormula(Published):
    """How a round on this target is paid; multipliers: (score, multiplier).

    rounds_held: among so many rounds a stake is divided; turns_a_year: how often a year the whole
    stake is at risk; None where that is not known
    """

    formula: str
    multipliers: tuple[tuple[str, float], ...]
    clip: float
    factor: float
    rounds_held: int | None = None
    turns_a_year: float | None = None


@dataclass(frozen=True, kw_only=True)
class ValidationSummary(Published):
    """What `numeri validate` shows.

    notes: what the table's figures rest on
    correlations: of every two sources; other_targets: that lines tell of, too
    per_era: the file of all eras' scores, where one was asked
    """

    target: str
    eras: int
    first_era: str
    last_era: str
    unresolved_eras: int
    benchmark: str | None
    sources: tuple[SourceSummary, ...]
    lines: tuple[FigureLine, ...]
    differences: tuple[PairedDifference, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    payout: PayoutFormula | None
    report: Path
    correlations: tuple[SourceCorrelation, ...] = ()
    per_era: Path | None = None
    left_out: tuple[LeftOutEras, ...] = ()
    other_targets: tuple[TargetEras, ...] = ()


def source_summaries(validation: Validation) -> tuple[SourceSummary, ...]:
    """Every source with the summary of its scores, in the order in which they were named."""
    return tuple(
        SourceSummary(
            name=card.name,
            predicted_rows=coverage.predicted,
            rows=coverage.rows,
            scores=_summaries(validation, card),
            largest_exposure=card.largest_exposure()[2],
            most_exposed_feature=card.largest_exposure()[0],
            churn=None if math.isnan(source.churn) else source.churn,
            seen_in_training=coverage.seen_in_training if source.training_eras else None,
            gain_importance=source.gain_importance[:MOST_GAINS],
            seen_eras=_seen(coverage) if source.training_eras else None,
            targets=source.targets,
            outlook=outlook(validation, card),
        )
        for card, coverage, source in zip(
            validation.cards, validation.coverage, validation.sources, strict=True
        )
    )


def summary_of(
    validation: Validation, *, report: Path, per_era: Path | None = None
) -> ValidationSummary:
    """The figures of a validation, without its arrays."""
    sources = source_summaries(validation)
    return ValidationSummary(
        target=validation.target,
        eras=len(validation.eras),
        first_era=validation.eras[0],
        last_era=validation.eras[-1],
        unresolved_eras=len(validation.unresolved),
        benchmark=validation.benchmark,
        sources=sources,
        lines=tuple(shown_lines(validation, [one.outlook for one in sources])),
        notes=tuple(notes_of(validation)),
        payout=_payout(validation),
        differences=tuple(_differences(validation)),
        correlations=tuple(
            SourceCorrelation(
                first=one.first, second=one.second, correlation=one.mean, eras=one.eras
            )
            for one in validation.likeness
        ),
        per_era=per_era,
        left_out=tuple(_left_out(one, validation) for one in validation.left_out),
        other_targets=tuple(
            TargetEras(
                target=one.target, eras=len(one.eras), first_era=one.eras[0], last_era=one.eras[-1]
            )
            for one in validation.others
        ),
        warnings=validation.warnings,
        report=report,
    )


def _seen(coverage: Coverage) -> SeenEras:
    near = coverage.held_out + coverage.purged
    return SeenEras(
        trained_on=coverage.seen_in_training - near,
        held_out=coverage.held_out,
        purged=coverage.purged,
    )


def _left_out(one: LeftOut, validation: Validation) -> LeftOutEras:
    first, last, count = one.eras[0], one.eras[-1], len(one.eras)
    others = (name for other in validation.left_out for name in other.eras)
    ranges = era_ranges(one.eras, among=[*validation.eras, *others])
    more = f" and {len(ranges) - _MOST_RANGES} more" if len(ranges) > _MOST_RANGES else ""
    span = f"{count} {'era' if count == 1 else 'eras'} ({', '.join(ranges[:_MOST_RANGES])}{more})"
    return LeftOutEras(
        reason=one.reason,
        source=one.source or None,
        eras=count,
        first_era=first,
        last_era=last,
        words=f"{span} {one.words}",
    )


def _differences(validation: Validation) -> Iterator[PairedDifference]:
    """The tests in each score that is shown in detail, CORR first; those of no era left out."""
    for score in validation.scores:
        if not score.in_detail:
            continue
        for one in validation.differences(score):
            if one.test.eras:
                yield PairedDifference(
                    first=one.first,
                    second=one.second,
                    mean_difference=one.test.mean_difference,
                    t=one.test.t,
                    eras_needed=one.test.eras_to_tell,
                    score=score.name,
                    standard_error=one.test.standard_error,
                    lags=one.test.lags,
                    eras=one.test.eras,
                    label=score.label,
                    told_apart=one.test.beyond_noise,
                    t_limit=one.test.limit,
                )


def _summaries(validation: Validation, card: Scorecard) -> dict[str, Summary]:
    """A line for every score that any source has, and for the payout last."""
    summaries = {score.name: card.summary(score.name) for score in validation.scores}
    paid = validation.payout_summary(card)
    return summaries if paid is None else {**summaries, PAYOUT: paid}


def _payout(validation: Validation) -> PayoutFormula | None:
    rule = validation.payout
    if rule is None:
        return None
    multipliers = tuple((score.name, multiplier) for score, multiplier in rule.multipliers)
    return PayoutFormula(
        formula=rule.formula,
        multipliers=multipliers,
        clip=rule.clip,
        factor=rule.factor,
        rounds_held=rule.rounds_held,
        turns_a_year=rule.turns_a_year,
    )


def page_name(validation: Validation) -> str:
    """The file name of a validation's page: the same sources and data, the same page."""
    names = "-".join(source.name for source in validation.sources)
    marks = (names, validation.target, validation.data.name, *validation.eras[:1])
    key = hashlib.sha256("\n".join((*marks, *validation.eras[-1:])).encode()).hexdigest()[:8]
    words = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in names)
    return f"{words[:60]}-{key}.html"
