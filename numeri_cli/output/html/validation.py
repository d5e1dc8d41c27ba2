"""A validation as an HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from numeri_cli.commands.validate.figure_lines import FigureLine
from numeri_cli.commands.validate.summary import ValidationSummary, summary_of
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.guide.pages import TABLES, entries
from numeri_cli.output.html.charts import all_charts
from numeri_cli.output.html.dated import span_words, with_days
from numeri_cli.output.html.downloads import csv_of, eras_csv
from numeri_cli.output.html.feature_charts import earlier_of
from numeri_cli.output.html.page import Chart, Table, write_page
from numeri_cli.output.html.payout_chart import cumulative_payout
from numeri_cli.output.html.tables import (
    coverage_rows,
    difference_rows,
    figure_rows,
    gain_rows,
    left_out_rows,
    likeness_rows,
    score_rows,
    target_rows,
)
from numeri_cli.output.html.verdict import verdicts
from numeri_cli.output.text.tables import seen_words
from numeri_cli.scoring.score_table import Score

_ALWAYS = ("*", "t", "limit", "lags", "eras needed", "smart Sharpe", "left out", "seen in training")


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
    charts, tables = tuple(page_charts(validation)), _tables(validation, summary)
    differences = difference_rows(tuple(pair for pair in pairs if pair.test.eras))
    return write_page(
        "validation.html.j2",
        path,
        charts=charts,
        self_contained=self_contained,
        title=" · ".join(source.name for source in validation.sources),
        facts=_facts(validation),
        warnings=validation.warnings,
        verdicts=verdicts(summary),
        places=_places(
            charts,
            differences=bool(differences.rows),
            alike=bool(validation.likeness),
            targets=bool(validation.others),
        ),
        files=(
            eras_csv(validation),
            csv_of(tables["figures"], name="figures.csv", words="every figure of every score"),
        ),
        sources=validation.sources,
        benchmark=validation.benchmark,
        against_benchmark=" and ".join(one.label for one in table if one.against_benchmark),
        coverage=coverage_rows(cards),
        differences=differences,
        gains=[
            (source.name, gain_rows(source))
            for source in validation.sources
            if source.gain_importance
        ],
        meanings=_meanings(table),
        words=tuple(_words(summary.lines)),
        **tables,
    )


def page_charts(validation: Validation) -> Iterator[Chart]:
    """Every chart for which there are numbers, in the order of the page, with dates beside eras."""
    charts = all_charts(
        validation.cards,
        validation.benchmark,
        validation.benchmark_card,
        earlier=earlier_of(validation),
    )
    first = next(charts)
    paid = cumulative_payout(validation)
    for chart in (first, *([paid] if paid else ()), *charts):
        yield with_days(chart, validation.days)


def _tables(validation: Validation, summary: ValidationSummary) -> dict[str, Table]:
    return {
        "scores": score_rows(summary),
        "figures": figure_rows(validation),
        "left_out": left_out_rows(summary),
        "likeness": likeness_rows(validation),
        "targets": target_rows(validation),
    }


def _places(
    charts: Sequence[Chart], *, differences: bool, alike: bool, targets: bool
) -> tuple[tuple[str, str], ...]:
    """(id, title) of each section, for the list of contents."""
    found = [("scores", "Scores")]
    found += [("differences", "Differences")] if differences else []
    found += [("targets", "Targets side by side")] if targets else []
    found += [("likeness", "Correlation between the models")] if alike else []
    found += [(f"{chart.id}-title", chart.title) for chart in charts[1:]]
    found += [
        ("coverage", "Coverage"),
        ("origins", "Where the predictions come from"),
        ("words", "What the words mean"),
    ]
    return tuple(found)


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
        ("eras", f"{span_words(eras, validation.days)}, {len(eras)} scored"),
    ]
    if validation.unresolved:
        facts.append(("without a target yet", f"{len(validation.unresolved)} eras"))
    if validation.features:
        facts.append(("features behind FNC", f"{validation.features:,}"))
    if validation.payout:
        facts.append(("paid for an era", validation.payout.formula))
    if validation.payout and validation.payout.share_words:
        facts.append(("stake", validation.payout.share_words))
    return tuple(facts)


def _meanings(table: Sequence[Score]) -> tuple[tuple[str, str], ...]:
    """(labels, sentence) of the scores that are explained, those of one sentence together."""
    labels: dict[str, list[str]] = {}
    for score in table:
        if score.meaning:
            labels.setdefault(score.meaning, []).append(score.label)
    return tuple((", ".join(some), meaning) for meaning, some in labels.items())


def _words(lines: Sequence[FigureLine]) -> Iterator[tuple[str, str]]:
    """(word, sentence) of what stands in the tables, in the terminal's words."""
    known = {**entries(TABLES), "exposure": entries()["exposure"]}
    told = {line.label for line in lines} | set(_ALWAYS)
    for word, meaning in known.items():
        if any(label.endswith(word) for label in told):
            yield word, meaning
