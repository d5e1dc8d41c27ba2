"""A validation as an HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from numeri_cli.commands.validate.summary import summary_of
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.output.html.charts import all_charts
from numeri_cli.output.html.page import write_page
from numeri_cli.output.html.tables import (
    coverage_rows,
    difference_rows,
    figure_rows,
    gain_rows,
    left_out_rows,
    likeness_rows,
    score_rows,
)
from numeri_cli.output.text.tables import seen_words
from numeri_cli.scoring.score_table import Score


def write_report(validation: Validation, path: Path, *, self_contained: bool = False) -> Path:
    """The validation as an HTML page; the same validation gives the same bytes.

    self_contained: everything in the one file, 4.8 MB; otherwise the chart library is written once
    beside the page, for all pages of that folder
    Raises DiskError.
    """
    validation = _with_seen_words(validation)
    summary = summary_of(validation, report=path)
    cards, table = validation.cards, validation.cards[0].table
    detailed = [score for score in table if score.in_detail]
    pairs = [pair for score in detailed for pair in validation.differences(score)]
    return write_page(
        "validation.html.j2",
        path,
        charts=all_charts(cards, validation.benchmark, validation.benchmark_card),
        self_contained=self_contained,
        title=" · ".join(source.name for source in validation.sources),
        facts=_facts(validation),
        warnings=validation.warnings,
        sources=validation.sources,
        benchmark=validation.benchmark,
        against_benchmark=" and ".join(one.label for one in table if one.against_benchmark),
        payout=validation.payout,
        scores=score_rows(summary),
        figures=figure_rows(validation),
        left_out=left_out_rows(summary),
        coverage=coverage_rows(cards),
        differences=difference_rows(tuple(pair for pair in pairs if pair.test.eras)),
        likeness=likeness_rows(validation),
        gains=[
            (source.name, gain_rows(source))
            for source in validation.sources
            if source.gain_importance
        ],
        meanings=_meanings(table),
    )


def _with_seen_words(validation: Validation) -> Validation:
    """The validation with "(seen in training)" behind every name of which that is so.

    So no table, chart or title shows a score of such a model without the word.
    """
    names = [
        f"{source.name} ({words})" if (words := seen_words(known.seen_in_training, eras)) else None
        for source, known in zip(validation.sources, validation.coverage, strict=True)
        for eras in [len(validation.eras)]
    ]
    cards, sources = [], []
    for name, card, source in zip(names, validation.cards, validation.sources, strict=True):
        called = name or source.name
        cards.append(replace(card, name=called))
        sources.append(replace(source, predictions=replace(source.predictions, name=called)))
    shown_as = {one.name: card.name for one, card in zip(validation.sources, cards, strict=True)}
    likeness = tuple(
        replace(one, first=shown_as[one.first], second=shown_as[one.second])
        for one in validation.likeness
    )
    return replace(validation, cards=tuple(cards), sources=tuple(sources), likeness=likeness)


def _facts(validation: Validation) -> tuple[tuple[str, str], ...]:
    """(name, value) lines under the title."""
    eras = validation.eras
    facts = [
        ("data", " and ".join(p.name for p in (*validation.more_data, validation.data))),
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
            labels.setdefault(score.meaning, []).append(score.label)
    return tuple((", ".join(some), meaning) for meaning, some in labels.items())
