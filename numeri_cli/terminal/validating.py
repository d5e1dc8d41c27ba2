"""A validation as the lines of a table and as the figures of the JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numeri_cli.scoring.summary import Summary
    from numeri_cli.validation import Validation

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
_LOWER_IS_BETTER = ("cwmm", "cwbm", "max_exposure", "mean_exposure", "drawdown", "std")


@dataclass(frozen=True)
class ValidationLine:
    """One figure of every source; best: the place of the best, None for one source alone."""

    label: str
    values: tuple[float, ...]
    best: int | None
    places: int = 4


@dataclass(frozen=True)
class ScoredSource:
    """One source with every score's summary."""

    name: str
    predicted_rows: int
    rows: int
    scores: dict[str, Summary]
    largest_exposure: float
    most_exposed_feature: str


@dataclass(frozen=True)
class DifferenceView:
    """Two sources in CORR, tested era by era."""

    first: str
    second: str
    mean_difference: float
    t: float
    eras_needed: float


@dataclass(frozen=True)
class ValidationView:
    """What `numeri validate` shows."""

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
    report: Path


def view_of(validation: Validation, *, report: Path) -> ValidationView:
    """The figures of a validation, without its arrays."""
    sources = tuple(
        ScoredSource(
            name=card.name,
            predicted_rows=coverage.predicted,
            rows=coverage.rows,
            scores={name: card.summary(name) for name in validation.scores},
            largest_exposure=card.largest_exposure()[2],
            most_exposed_feature=card.largest_exposure()[0],
        )
        for card, coverage in zip(validation.cards, validation.coverage, strict=True)
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
        differences=differences,
        warnings=validation.warnings,
        report=report,
    )


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
            shares = [s.positive for s in summaries]
            lines.append(_line(f"{label} eras above 0", shares, kind=score, places=2))
            lines.append(_line(f"{label} last 20 eras", [s.last_20 for s in summaries], kind=score))
    return tuple(lines)


def _line(label: str, values: list[float], *, kind: str, places: int = 4) -> ValidationLine:
    present = {place: value for place, value in enumerate(values) if value == value}  # noqa: PLR0124 - no NaN
    best = None
    if len(present) > 1:
        choose = min if kind in _LOWER_IS_BETTER else max
        best = choose(present, key=lambda place: present[place])
    return ValidationLine(label, tuple(values), best, places)
