"""A validation as the lines of a table and as the figures of the JSON.

The payout is a share of the stake at risk in a round; churn is how much a model's predictions
change in a week.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numeri_cli.commands.validate.result import Validation
    from numeri_cli.scoring.scorecard import Scorecard
    from numeri_cli.scoring.summary import Summary

_LABELS = {
    "corr": "CORR",
    "mmc": "MMC",
    "bmc": "BMC",
    "fnc": "FNC",
    "cwmm": "CWMM",
    "cwbm": "CWBM",
    "tb200": "TB200",
    "max_exposure": "max exposure",
    "mean_exposure": "mean exposure",
}
_DETAILED = ("corr", "mmc")
_PAYOUT, _CHURN = "payout", "churn"
_LOWER_IS_BETTER = ("cwmm", "cwbm", "max_exposure", "mean_exposure", "drawdown", "std", "churn")


@dataclass(frozen=True)
class ValidationLine:
    """One figure of every source; best: the place of the best, None for one source alone."""

    label: str
    values: tuple[float, ...]
    best: int | None
    places: int = 4


@dataclass(frozen=True)
class ScoredSource:
    """One source with the summary of every score, and of the payout where its rule is known.

    churn: None where ids cannot be followed
    """

    name: str
    predicted_rows: int
    rows: int
    scores: dict[str, Summary]
    largest_exposure: float
    most_exposed_feature: str
    churn: float | None


@dataclass(frozen=True)
class DifferenceView:
    """Two sources in CORR, tested era by era."""

    first: str
    second: str
    mean_difference: float
    t: float
    eras_needed: float


@dataclass(frozen=True)
class PayoutView:
    """How a round on this target is paid; multipliers: (score, multiplier)."""

    formula: str
    multipliers: tuple[tuple[str, float], ...]
    clip: float
    factor: float


@dataclass(frozen=True)
class ValidationView:
    """What `numeri validate` shows.

    notes: what the table's figures rest on
    """

    target: str
    eras: int
    first_era: str
    last_era: str
    unresolved_eras: int
    benchmark: str | None
    sources: tuple[ScoredSource, ...]
    lines: tuple[ValidationLine, ...]
    differences: tuple[DifferenceView, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    payout: PayoutView | None
    report: Path


def view_of(validation: Validation, *, report: Path) -> ValidationView:
    """The figures of a validation, without its arrays."""
    sources = tuple(
        ScoredSource(
            name=card.name,
            predicted_rows=coverage.predicted,
            rows=coverage.rows,
            scores=_summaries(validation, card),
            largest_exposure=card.largest_exposure()[2],
            most_exposed_feature=card.largest_exposure()[0],
            churn=None if math.isnan(source.churn) else source.churn,
        )
        for card, coverage, source in zip(
            validation.cards, validation.coverage, validation.sources, strict=True
        )
    )
    differences = tuple(
        DifferenceView(
            difference.first,
            difference.second,
            difference.test.mean_difference,
            difference.test.t,
            difference.test.eras_needed,
        )
        for difference in validation.differences()
    )
    return ValidationView(
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
        differences=differences,
        warnings=validation.warnings,
        report=report,
    )


def _summaries(validation: Validation, card: Scorecard) -> dict[str, Summary]:
    """Of every score that any source has, and of the payout last."""
    summaries = {name: card.summary(name) for name in validation.scores}
    paid = validation.payout_summary(card)
    return summaries if paid is None else {**summaries, _PAYOUT: paid}


def _payout(validation: Validation) -> PayoutView | None:
    rule = validation.payout
    if rule is None:
        return None
    return PayoutView(rule.formula, rule.multipliers, rule.clip, rule.factor)


def _notes(validation: Validation, sources: tuple[ScoredSource, ...]) -> tuple[str, ...]:
    """On how many eras a score rests where not on all, what was leant on, and what is paid."""
    notes = [
        f"{_LABELS[score]} of {source.name} rests on {source.scores[score].eras} eras"
        for score in validation.scores
        for source in sources
        if source.scores[score].eras < len(validation.eras)
    ]
    if validation.benchmark and {"bmc", "cwbm"} & set(validation.scores):
        notes.append(f"BMC and CWBM are against {validation.benchmark}")
    notes += [
        f"largest exposure of {source.name}: {source.largest_exposure:.4f}, "
        f"{source.most_exposed_feature}"
        for source in sources
        if source.most_exposed_feature
    ]
    if validation.payout and any(_PAYOUT in source.scores for source in sources):
        notes.append(f"payout: share of a round's stake, {validation.payout.formula}")
    return tuple(notes)


def _lines(
    sources: tuple[ScoredSource, ...], scores: tuple[str, ...]
) -> tuple[ValidationLine, ...]:
    lines = []
    for score in scores:
        label = _LABELS[score]
        summaries = [source.scores[score] for source in sources]
        lines.append(_line(f"{label} mean", [s.mean for s in summaries], kind=score))
        if score in _DETAILED:
            lines.append(_line(f"{label} std", [s.std for s in summaries], kind="std"))
            lines.append(
                _line(f"{label} Sharpe", [s.sharpe for s in summaries], kind=score, places=2)
            )
            drawdowns = [s.drawdown for s in summaries]
            lines.append(_line(f"{label} drawdown", drawdowns, kind="drawdown"))
            lengths = [float(s.drawdown_eras) for s in summaries]
            lines.append(_line(f"{label} drawdown eras", lengths, kind="drawdown", places=0))
            shares = [s.positive for s in summaries]
            lines.append(_line(f"{label} eras above 0", shares, kind=score, places=2))
            lines.append(
                _line(
                    f"{label} autocorrelation",
                    [s.autocorrelation for s in summaries],
                    kind=None,
                    places=2,
                )
            )
            for eras, means in (
                (20, [s.last_20 for s in summaries]),
                (52, [s.last_52 for s in summaries]),
            ):
                if not all(map(math.isnan, means)):
                    lines.append(_line(f"{label} last {eras} eras", means, kind=score))
    paid = [source.scores.get(_PAYOUT) for source in sources]
    if any(paid):
        means = [one.mean if one else math.nan for one in paid]
        lines.append(_line("payout mean", means, kind=_PAYOUT))
        shares = [one.positive if one else math.nan for one in paid]
        lines.append(_line("payout eras above 0", shares, kind=_PAYOUT, places=2))
    if any(source.churn is not None for source in sources):
        churns = [math.nan if source.churn is None else source.churn for source in sources]
        lines.append(_line("churn in a week", churns, kind=_CHURN))
    return tuple(lines)


def _line(label: str, values: list[float], *, kind: str | None, places: int = 4) -> ValidationLine:
    """kind: the score, or the figure, that says which value is best; None where none is."""
    present = {place: value for place, value in enumerate(values) if value == value}  # noqa: PLR0124 - no NaN
    best = None
    if kind and len(present) > 1:
        choose = min if kind in _LOWER_IS_BETTER else max
        best = choose(present, key=lambda place: present[place])
    return ValidationLine(label, tuple(values), best, places)
