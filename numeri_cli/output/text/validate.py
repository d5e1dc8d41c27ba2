"""A validation as a table of at most 80 columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.console import whole
from numeri_cli.output.formats import figure_text, number
from numeri_cli.output.text.tables import seen_words, table
from numeri_cli.output.verdict_words import above_zero_words

if TYPE_CHECKING:
    from numeri_cli.commands.validate.summary import (
        PairedDifference,
        SourceSummary,
        ValidationSummary,
    )


MARK_WORDS = "* the best of its row by more than noise; `numeri explain` tells what each row says"


def validate(record: ValidationSummary) -> RenderableType:
    """One column per source, one row per figure; what is best by more than noise in bold.

    Under the name of a source stands how many of the eras its model has seen in training.
    """
    names = [_head(source, record.eras) for source in record.sources]
    rows = table("", *names, right=tuple(names))
    for line in record.lines:
        figures = [figure_text(value, line.places, line.unit) for value in line.values]
        cells = [
            Text(f"{text} *", style="bold") if place == line.best else Text(text)
            for place, text in enumerate(figures)
        ]
        rows.add_row(line.label, *cells)
    parts: list[RenderableType] = [
        Text(
            f"scored on {record.target}, {record.eras} eras ({record.first_era}–{record.last_era})"
        ),
        rows,
    ]
    if any(line.best is not None for line in record.lines):
        parts.append(Text(MARK_WORDS, style="dim"))
    parts += [_verdict(one) for one in record.sources if not one.seen_in_training]
    parts += [Text(f"left out: {one.words}") for one in record.left_out]
    parts += [Text(line, style="dim") for pair in record.differences for line in _tested(pair)]
    parts += [
        Text(f"correlation of {one.first} and {one.second}: {number(one.correlation)}", style="dim")
        for one in record.correlations
    ]
    parts += [Text(note, style="dim") for note in record.notes]
    parts += [Text(f"warning: {warning}", style="yellow") for warning in record.warnings]
    if record.per_era is not None:
        parts.append(Text(f"every era: {whole(record.per_era)}"))
    parts.append(Text(f"report: {whole(record.report)}"))
    return Group(*parts)


def _head(source: SourceSummary, eras: int) -> str:
    """A source's name, "@backtest" below it so that four fit 80 columns, and what it has seen."""
    seen = seen_words(source.seen_in_training, eras)
    return "\n".join(filter(None, (source.name.replace("@", "\n@"), seen)))


def _verdict(source: SourceSummary) -> Text:
    words = above_zero_words(source)
    return Text(f"{source.name}: {words[0].lower()}{words[1:]}", style="dim")


def _tested(pair: PairedDifference) -> tuple[str, str]:
    """The paired test of two sources, and what its t rests on."""
    error = number(pair.standard_error)
    told = (
        f"{pair.first} − {pair.second}: {pair.label} {number(pair.mean_difference)},"
        f" t {number(pair.t, 2)} ({_limit(pair.t_limit)}); "
        + (
            "more than noise"
            if pair.told_apart
            else f"may be noise: telling them apart takes {number(pair.eras_needed, 0)} eras"
        )
    )
    lags = "1 lag" if pair.lags == 1 else f"{pair.lags} lags"
    return told, f"  standard error {error} over {pair.eras} eras, {lags}"


def _limit(limit: float) -> str:
    """The t that it takes; with too few eras no t is enough."""
    return f"limit {number(limit, 2)}" if math.isfinite(limit) else "too few eras for a limit"
