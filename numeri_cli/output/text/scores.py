"""Scores of models: a table of rounds for each, then its means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.commands.kept_scores import longest_mean, means_of, round_numbers
from numeri_cli.commands.score_rows import SHOWN
from numeri_cli.output.console import whole
from numeri_cli.output.formats import ABSENT, number
from numeri_cli.output.text.standing import as_of_line
from numeri_cli.output.text.tables import Fitting, table, unbroken

if TYPE_CHECKING:
    from numeri_cli.commands.score_rows import RoundScore
    from numeri_cli.commands.scores import ModelScores, ScoreReport

CSV_COLUMNS = (
    "round_number", "model", "score", "version", "name", "day", "days", "value", "percentile",
    "date", "resolved",
)  # fmt: skip
RESOLVED_SHOWN = 10
TABLES_SHOWN = 5  # of models
_MOST_COLUMNS = 4


def score_report(record: ScoreReport) -> RenderableType:
    """Every model's rounds and means."""
    parts: list[RenderableType] = []
    if len(record.models) > TABLES_SHOWN:  # a table of rounds for each would be thousands of rows
        parts += [_overview(record), Text("`numeri scores MODEL` shows a model's rounds", "dim")]
    else:
        for model in record.models:
            parts += [Text(model.model, "bold"), *_of_model(model), Text()]
    if not record.models:
        parts.append(Text("the account has no model"))
    if record.page is not None:
        parts.append(Text(f"page: {whole(record.page)}"))
    return Group(*parts, as_of_line(record.as_of, offline=record.offline))


def _overview(record: ScoreReport) -> RenderableType:
    """A line for each model: rounds that go on, and the means of a year of each score."""
    figures = ("open", "corr60", "mmc60", "v2_corr20", "mmc")
    made = table("model", *figures, right=figures)
    for model in record.models:
        going_on = len(round_numbers(model.open_rounds))
        cells = (number(longest_mean(model.means, kind), signed=True) for kind in SHOWN)
        made.add_row(model.model, str(going_on), *cells)
    return Group(Text("means of a year"), unbroken(made))


def _of_model(model: ModelScores) -> list[RenderableType]:
    rows = (*model.open_rounds, *model.resolved_rounds)
    if not rows:
        return [Text("no round has a score yet")]
    kinds = _kinds(rows)
    heads = [_head(kind, kinds) for kind in kinds]
    right = ("round", *(word for head in heads for word in (head, f"{head} %")))
    made = table("round", "day", *[w for h in heads for w in (h, f"{h} %")], right=right)
    made.collapse_padding = True  # four percentiles of 100 have to fit, too
    for column in made.columns:
        if str(column.header).endswith(" %"):
            column.header = "%"
    resolved = sorted({row.round_number for row in model.resolved_rounds}, reverse=True)
    shown = {row.round_number for row in model.open_rounds} | {*resolved[:RESOLVED_SHOWN]}
    for at in sorted(shown, reverse=True):
        made.add_row(*_line(at, [row for row in rows if row.round_number == at], kinds))
    parts: list[RenderableType] = [Fitting(made, "%")]
    if len(resolved) > RESOLVED_SHOWN:
        parts.append(Text(f"and {len(resolved) - RESOLVED_SHOWN} older rounds: --csv", "dim"))
    return [*parts, *_means(model)]


def _line(at: int, rows: Sequence[RoundScore], kinds: Sequence[tuple[str, str]]) -> list[str]:
    by_kind = {(row.score, row.version): row for row in rows}
    cells = []
    for kind in kinds:
        row = by_kind.get(kind)
        cells.append(ABSENT if row is None else number(row.value, signed=True))
        known = None if row is None else row.percentile
        cells.append(ABSENT if known is None else f"{100 * known:.0f}")
    return [str(at), _day(rows), *cells]


def _day(rows: Sequence[RoundScore]) -> str:
    """Such as "17 of 60", of the score that takes longest; "resolved" where all have ended."""
    if all(row.resolved for row in rows):
        return "resolved"
    last = max((row for row in rows if not row.resolved), key=lambda row: (row.days or 0, row.day))
    return f"{last.day} of {last.days}" if last.days else str(last.day)


def _kinds(rows: Sequence[RoundScore]) -> list[tuple[str, str]]:
    """The scores that have a column: CORR and MMC of both horizons, else the first there are."""
    there = dict.fromkeys((row.score, row.version) for row in rows)
    known = [kind for kind in SHOWN if kind in there]
    return (known + [kind for kind in there if kind not in known])[:_MOST_COLUMNS]


def _head(kind: tuple[str, str], kinds: Sequence[tuple[str, str]]) -> str:
    name, version = kind
    twice = sum(one[0] == name for one in kinds) > 1
    return f"{name}/{version}" if twice else name


def _means(model: ModelScores) -> list[RenderableType]:
    """The means of a year of the scores that have a column."""
    kinds = _kinds((*model.open_rounds, *model.resolved_rounds))
    chosen = [one for kind in kinds for one in means_of(model.means, kind)]
    if not chosen:
        return []
    right = ("days", "rounds", "mean", "std error")
    made = table("mean of a year", "version", *right, right=right)
    for one in chosen:
        made.add_row(
            one.score,
            one.version,
            ABSENT if one.days is None else str(one.days),
            str(one.rounds),
            number(one.mean, signed=True),
            number(one.standard_error),
        )
    return [Text(), Fitting(made, "version")]
