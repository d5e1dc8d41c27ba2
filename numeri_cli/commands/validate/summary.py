"""A validation without its arrays: what `numeri validate` publishes.

The payout is a share of the stake at risk in a round; churn is how much a model's predictions
change in a week.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.validate.validation import Validation
from numeri_cli.published import Published
from numeri_cli.scoring.score_table import Score
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import FIGURES, Figure, Summary, best_place

_PAYOUT = "payout"
_OF_PAYOUT = ("mean", "positive")
MOST_GAINS = 25  # features of a model that are told
_NAMED_GAINS = 3  # in a note
_RECENT = ("last_20", "last_52")  # left out where no source has so many eras


@dataclass(frozen=True, kw_only=True)
class FigureLine(Published):
    """One figure of every source; best: the place of the best, None for one source alone."""

    label: str
    values: tuple[float, ...]
    best: int | None
    places: int = 4


@dataclass(frozen=True, kw_only=True)
class SourceSummary(Published):
    """One source with the summary of every score, and of the payout where its rule is known.

    churn: None where ids cannot be followed
    seen_in_training: how many of the scored eras the model knows from its training: they were
    trained on, held out, or near such eras; None for a file of which nobody knows what made it
    gain_importance: (feature, share of the gain) of the features that its trees rest on most
    """

    name: str
    predicted_rows: int
    rows: int
    scores: dict[str, Summary]
    largest_exposure: float
    most_exposed_feature: str
    churn: float | None
    seen_in_training: int | None
    gain_importance: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class PairedDifference(Published):
    """Two sources in one score, CORR or MMC, tested era by era; `first` − `second`.

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


@dataclass(frozen=True, kw_only=True)
class SourceCorrelation(Published):
    """The mean over eras of the correlation of two sources, ranked and gaussianized."""

    first: str
    second: str
    correlation: float
    eras: int


@dataclass(frozen=True, kw_only=True)
class PayoutFormula(Published):
    """How a round on this target is paid; multipliers: (score, multiplier)."""

    formula: str
    multipliers: tuple[tuple[str, float], ...]
    clip: float
    factor: float


@dataclass(frozen=True, kw_only=True)
class ValidationSummary(Published):
    """What `numeri validate` shows.

    notes: what the table's figures rest on
    correlations: of every two sources; per_era: the file of all eras' scores, where one was asked
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
        lines=_lines(sources, validation.scores),
        notes=_notes(validation, sources),
        payout=_payout(validation),
        differences=tuple(_differences(validation)),
        correlations=tuple(
            SourceCorrelation(
                first=one.first, second=one.second, correlation=one.mean, eras=one.eras
            )
            for one in validation.likeness
        ),
        per_era=per_era,
        warnings=validation.warnings,
        report=report,
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
                    eras_needed=one.test.eras_needed,
                    score=score.name,
                    standard_error=one.test.standard_error,
                    lags=one.test.lags,
                    eras=one.test.eras,
                    label=score.label,
                )


def _summaries(validation: Validation, card: Scorecard) -> dict[str, Summary]:
    """A line for every score that any source has, and for the payout last."""
    summaries = {score.name: card.summary(score.name) for score in validation.scores}
    paid = validation.payout_summary(card)
    return summaries if paid is None else {**summaries, _PAYOUT: paid}


def _payout(validation: Validation) -> PayoutFormula | None:
    rule = validation.payout
    if rule is None:
        return None
    multipliers = tuple((score.name, multiplier) for score, multiplier in rule.multipliers)
    return PayoutFormula(
        formula=rule.formula, multipliers=multipliers, clip=rule.clip, factor=rule.factor
    )


def _notes(validation: Validation, sources: tuple[SourceSummary, ...]) -> tuple[str, ...]:
    """On how many eras a score rests where not on all, what was leant on, and what is paid."""
    notes = [
        f"{score.label} of {source.name} rests on {source.scores[score.name].eras} eras"
        for score in validation.scores
        for source in sources
        if source.scores[score.name].eras < len(validation.eras)
    ]
    if validation.benchmark and any(score.against_benchmark for score in validation.scores):
        table = validation.cards[0].table
        labels = " and ".join(score.label for score in table if score.against_benchmark)
        notes.append(f"{labels} are against {validation.benchmark}")
    notes += [
        f"largest exposure of {source.name}: {source.largest_exposure:.4f}, "
        f"{source.most_exposed_feature}"
        for source in sources
        if source.most_exposed_feature
    ]
    notes += [
        f"gain of {source.name}: "
        + ", ".join(f"{name} {share:.1%}" for name, share in source.gain_importance[:_NAMED_GAINS])
        for source in sources
        if source.gain_importance
    ]
    if validation.payout and any(_PAYOUT in source.scores for source in sources):
        notes.append(f"payout: share of a round's stake, {validation.payout.formula}")
    return tuple(notes)


def _lines(sources: tuple[SourceSummary, ...], scores: tuple[Score, ...]) -> tuple[FigureLine, ...]:
    lines: list[FigureLine] = []
    for score in scores:
        summaries = [source.scores[score.name] for source in sources]
        for figure in FIGURES:
            if figure.label is None or (figure.name != "mean" and not score.in_detail):
                continue
            if all(math.isnan(figure.of(one)) for one in summaries) and figure.name in _RECENT:
                continue
            lines.append(
                _line(score.label, figure, summaries=summaries, lower=score.lower_is_better)
            )
    paid = [source.scores.get(_PAYOUT) for source in sources]
    if any(paid):
        lines += [_line(_PAYOUT, one, summaries=paid) for one in FIGURES if one.name in _OF_PAYOUT]
    churns = [math.nan if source.churn is None else source.churn for source in sources]
    if not all(map(math.isnan, churns)):
        best = best_place(churns, lower_is_better=True)
        lines.append(FigureLine(label="churn in a week", values=tuple(churns), best=best))
    return tuple(lines)


def _line(
    label: str, figure: Figure, *, summaries: Sequence[Summary | None], lower: bool = False
) -> FigureLine:
    """lower: whether a lower score is the better one"""
    return FigureLine(
        label=f"{label} {figure.label}",
        values=tuple(figure.of(one) if one else math.nan for one in summaries),
        best=figure.best(summaries, score_is_lower=lower),
        places=figure.places,
    )


def page_name(validation: Validation) -> str:
    """The file name of a validation's page: the same sources and data, the same page."""
    names = "-".join(source.name for source in validation.sources)
    marks = (names, validation.target, validation.data.name, *validation.eras[:1])
    key = hashlib.sha256("\n".join((*marks, *validation.eras[-1:])).encode()).hexdigest()[:8]
    words = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in names)
    return f"{words[:60]}-{key}.html"
