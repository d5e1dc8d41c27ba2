"""A validation as an HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from numeri_cli.commands.validate.validation import Validation
from numeri_cli.output.html.charts import all_charts
from numeri_cli.output.html.page import write_page
from numeri_cli.output.html.tables import coverage_rows, difference_rows, score_rows
from numeri_cli.scoring.score_table import Score


def write_report(validation: Validation, path: Path, *, self_contained: bool = False) -> Path:
    """The validation as an HTML page; the same validation gives the same bytes.

    self_contained: everything in the one file, 4.8 MB; otherwise the chart library is written once
    beside the page, for all pages of that folder
    Raises DiskError.
    """
    cards, table = validation.cards, validation.cards[0].table
    detailed = [score for score in table if score.in_detail]
    pairs = [pair for score in detailed for pair in validation.differences(score)]
    return write_page(
        "validation.html.j2",
        path,
        charts=all_charts(cards, validation.benchmark),
        self_contained=self_contained,
        title=" · ".join(source.name for source in validation.sources),
        facts=_facts(validation),
        warnings=validation.warnings,
        sources=validation.sources,
        benchmark=validation.benchmark,
        against_benchmark=" and ".join(one.label for one in table if one.against_benchmark),
        payout=validation.payout,
        scores=score_rows(validation),
        coverage=coverage_rows(cards),
        differences=difference_rows(tuple(pair for pair in pairs if pair.test.eras)),
        meanings=_meanings(table),
    )


def _facts(validation: Validation) -> tuple[tuple[str, str], ...]:
    """(name, value) lines under the title."""
    eras = validation.eras
    facts = [
        ("data", validation.data.name),
        ("target", validation.target),
        ("eras", f"{eras[0]}–{eras[-1]}, {len(eras)} scored"),
    ]
    if validation.unresolved:
        facts.append(("without a target yet", f"{len(validation.unresolved)} eras"))
    if validation.features:
        facts.append(("features behind FNC", f"{validation.features:,}"))
    if validation.payout:
        facts.append(("paid for an era", validation.payout.formula))
    return tuple(facts)


def _meanings(table: Sequence[Score]) -> tuple[tuple[str, str], ...]:
    """(labels, sentence) of the scores that are explained, those of one sentence together."""
    labels: dict[str, list[str]] = {}
    for score in table:
        if score.meaning:
            labels.setdefault(score.meaning, []).append(score.long_label)
    return tuple((", ".join(some), meaning) for meaning, some in labels.items())
