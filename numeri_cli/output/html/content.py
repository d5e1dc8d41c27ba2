"""What a report is about, and what one chart of it consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import PairedTest, PayoutRule

LABELS = {
    "corr": "CORR",
    "mmc": "MMC",
    "bmc": "BMC",
    "fnc": "FNC",
    "cwmm": "CWMM",
    "cwbm": "CWBM",
    "tb200": "TB200",
    "max_exposure": "Largest exposure",
    "mean_exposure": "Mean exposure",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one prediction comes from; lines: (name, value)."""

    name: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two predictions in one score."""

    score: str
    first: str
    second: str
    test: PairedTest


@dataclass(frozen=True, eq=False)
class ReportContent:
    """Everything a page shows.

    cards: one per prediction, over the same eras
    facts: (name, value) lines under the title
    benchmark: name of the column behind BMC and CWBM
    payout: how a round on this target is paid; None where that is not known
    churn: one per card, how much its predictions change in a week; NaN where nobody knows
    """

    title: str
    cards: tuple[Scorecard, ...]
    facts: tuple[tuple[str, str], ...]
    origins: tuple[Origin, ...]
    comparisons: tuple[Comparison, ...]
    warnings: tuple[str, ...]
    benchmark: str | None
    payout: PayoutRule | None = None
    churn: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """rows: cells as text, the first of each names the row; best: (row, cell) to mark."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    best: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure, what it says in words, and its numbers as a table.

    id: stable, good as an HTML id; figure: a plotly figure
    """

    id: str
    title: str
    words: str
    figure: Any
    table: Table
