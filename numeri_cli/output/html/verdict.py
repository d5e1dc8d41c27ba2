"""What a page opens with: a sentence on each model, and the six figures that matter most."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from numeri_cli.commands.validate.figure_lines import PAYOUT
from numeri_cli.commands.validate.summary import SourceSummary, ValidationSummary
from numeri_cli.output.formats import ABSENT, number, percent
from numeri_cli.output.verdict_words import above_zero_words
from numeri_cli.scoring.score_table import CORR, score_named


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One figure: its name, its value, and what it is by."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelVerdict:
    """One model: its name, a sentence on it, and its tiles."""

    name: str
    sentence: str
    tiles: tuple[Tile, ...]


def verdicts(summary: ValidationSummary) -> tuple[ModelVerdict, ...]:
    """Each model of a validation, in the order of its columns."""
    return tuple(
        ModelVerdict(
            name=source.name, sentence=_sentence(source, summary), tiles=tuple(_tiles(source))
        )
        for source in summary.sources
    )


def _sentence(source: SourceSummary, summary: ValidationSummary) -> str:
    """Whether the CORR is more than noise, and whether it is ahead of the benchmark."""
    view = source.outlook
    if source.seen_in_training:
        share = f"{source.seen_in_training} of these {summary.eras} eras"
        return f"No test: the model knows {share} from its training."
    told = above_zero_words(source)
    ahead = view.ahead_of_benchmark
    if summary.benchmark is None or math.isnan(ahead):
        return f"{told}."
    which = "ahead of" if ahead > 0 else "behind"
    sure = "more than noise" if view.ahead_told else "which may be noise"
    return f"{told}. It is {number(abs(ahead))} {which} {summary.benchmark}, {sure}."


def _tiles(source: SourceSummary) -> Iterator[Tile]:
    view, corr = source.outlook, source.scores[CORR.name]
    error = number(view.corr_error)
    yield Tile(
        name=f"{CORR.label} mean", value=f"{number(corr.mean)} ± {error}", note="± standard error"
    )
    yield Tile(name=f"{CORR.label} Sharpe", value=number(corr.sharpe, 2), note="of an era")
    mmc = score_named("mmc")
    found = source.scores.get(mmc.name)
    note = f"of {found.eras} eras" if found and found.eras != corr.eras else ""
    yield Tile(name=f"{mmc.label} mean", value=number(found.mean if found else None), note=note)
    year = view.payout_a_year
    yield Tile(
        name=f"{PAYOUT} a year",
        value=ABSENT if math.isnan(year) else percent(year),
        note="of the stake, before it is compounded",
    )
    losing = view.losing_quarters
    yield Tile(
        name="losing quarters",
        value=ABSENT if math.isnan(losing) else percent(losing, 0),
        note=f"of {view.quarters} spans of 13 weeks, which overlap",
    )
    yield Tile(
        name="largest exposure",
        value=number(source.largest_exposure, 3),
        note=source.most_exposed_feature,
    )
