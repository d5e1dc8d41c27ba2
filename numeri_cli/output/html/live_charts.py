"""Live rounds beside what validation led one to expect, and the field with one's own marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from numeri_cli.commands.leaderboard import Board
from numeri_cli.commands.live_against_validated import LiveAgainstValidated
from numeri_cli.commands.score_rows import RoundScore
from numeri_cli.commands.scores import ModelScores, ScorePage, ScoreReport
from numeri_cli.output.formats import number
from numeri_cli.output.html.page import Chart, Table
from numeri_cli.output.html.style import COLOURS, empty_figure, of_rounds, translucent
from numeri_cli.scoring.expectation import FALL, POWER, LiveJudgement
from numeri_cli.scoring.ranks import FloatArray

KINDS = (("corr60", "3"), ("mmc60", "3"), ("v2_corr20", "6"), ("mmc", "5"))
_BANDS_SHOWN = 6  # of models: more would hide each other
_FIELD = (  # of the board, and what people call it
    ("corr60", "CORR60"),
    ("mmc60", "MMC60"),
    ("corr20", "CORR20"),
    ("mmc20", "MMC20"),
)
_LEAST_ENTRANTS, _BARS = 10, 30
SIMULATED = (  # tests/studies/as_validated.json
    "Of simulated models that had not changed, 4 of 100 were called changed, and 6 to 8 of 100"
    " where volatility or the premium itself wanders; after the number of rounds that is named for"
    " 80 %, 73 to 80 of 100 halvings were told."
)
_BEHAVIOUR = {
    "as validated": "behaves as validated",
    "lower": "does worse than validated",
    "higher": "does better than validated",
}


def cumulative_score(
    report: ScoreReport, kind: tuple[str, str], *, live: Sequence[LiveAgainstValidated] = ()
) -> Chart:
    """The running sum of one score over each model's resolved rounds.

    live: of those models that were validated, with the band in which the sum is expected
    """
    name, version = kind
    figure = empty_figure(f"cumulative {name}", x_title="round")
    own_rounds = (resolved_rows(model, kind) for model in report.models)
    figure.update_xaxes(**of_rounds(row.round_number for rows in own_rounds for row in rows))
    words: list[str] = []
    rows: list[tuple[str, ...]] = []
    bands = 0
    for place, model in enumerate(report.models):
        own = sorted(resolved_rows(model, kind), key=lambda row: row.round_number)
        if not own:
            continue
        colour = COLOURS[place % len(COLOURS)]
        expected = _expected(live, model.model, kind)
        if expected is not None and bands < _BANDS_SHOWN:
            _add_band(figure, expected, colour=colour)
            bands += 1
        total = np.cumsum([row.value for row in own])
        figure.add_scatter(
            x=[row.round_number for row in own],
            y=total,
            name=model.model,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            legendgroup=model.model,
        )
        words.append(f"{model.model} stands at {number(total[-1], 3)} after {len(own)} rounds")
        rows += _lines(own, total, expected)
    shaded = " Shaded: where the sum lies in 95 % of cases, as validated." if bands else ""
    headers = ("model", "round", name, "cumulative", "expected from", "to")
    return Chart(
        id=f"cumulative-{name}-{version}",
        title=f"Cumulative {name}, resolved rounds",
        words="; ".join(words) + "." + shaded,
        figure=figure,
        table=Table(headers=headers, rows=tuple(rows)),
    )


def _expected(
    live: Sequence[LiveAgainstValidated], model: str, kind: tuple[str, str]
) -> LiveAgainstValidated | None:
    return next(
        (one for one in live if (one.model, one.kind) == (model, kind) and len(one.low)), None
    )


def _add_band(figure: object, expected: LiveAgainstValidated, *, colour: str) -> None:
    """Two lines that are not seen, and the area between them."""
    for edge, filled in ((expected.low, None), (expected.high, "tonexty")):
        figure.add_scatter(  # type: ignore[attr-defined]  # plotly has no types
            x=list(expected.numbers),
            y=edge,
            mode="lines",
            line={"width": 0},
            fill=filled,
            fillcolor=translucent(colour),
            hoverinfo="skip",
            showlegend=False,
            legendgroup=expected.model,
        )


def _lines(
    own: Sequence[RoundScore], total: FloatArray, expected: LiveAgainstValidated | None
) -> Iterator[tuple[str, ...]]:
    edges = {}
    if expected is not None:
        between = zip(expected.low, expected.high, strict=True)
        edges = dict(zip(expected.numbers, between, strict=True))
    for row, sum_ in zip(own, total, strict=True):
        low, high = edges.get(row.round_number, (None, None))
        figures = (number(row.value), number(sum_), number(low), number(high))
        yield (row.model, str(row.round_number), *figures)


def resolved_rows(model: ModelScores, kind: tuple[str, str]) -> list[RoundScore]:
    """A model's final scores of one kind."""
    rows = (*model.open_rounds, *model.resolved_rounds)
    return [row for row in rows if (row.score, row.version) == kind and row.resolved]


def verdicts(page: ScorePage) -> tuple[str, ...]:
    """A sentence for each score that was validated, and for each model that was not."""
    told = [_verdict(one) for one in page.live]
    validated = {one.model for one in page.live}
    told += [
        f"{model.model} was not validated on this machine, so nothing is expected of it:"
        f" `numeri validate {model.model}`."
        for model in page.report.models
        if model.model not in validated
    ]
    return tuple(told)


def _verdict(one: LiveAgainstValidated) -> str:
    if one.judgement is None:
        return f"{one.model} is not judged in {one.kind[0]}: {one.why}."
    found = one.judgement
    return (
        f"{one.model} {_BEHAVIOUR[found.verdict]} in {one.kind[0]}: its mean over"
        f" {found.rounds} resolved rounds is {number(found.live_mean)}, and"
        f" validation, with a mean of {number(found.expected_mean)}, led one to expect"
        f" {number(found.low)} to {number(found.high)}. {power_sentence(found)}"
    )


def power_sentence(found: LiveJudgement) -> str:
    """How often the test tells a halving, now and later; a halving is of the validated mean."""
    if found.expected_mean <= 0:
        return "A mean that is not above zero cannot be halved, so no power is told."
    half = f"a halving, to {number(FALL * found.expected_mean)}, with"
    now = f"The test tells {half} {100 * found.power:.0f} %"
    if found.power >= POWER:
        return f"{now}."
    if found.rounds_needed is None:
        return f"{now} now, and not with {100 * POWER:.0f} % in ten years of rounds."
    return f"{now} now, and with {100 * POWER:.0f} % only after {found.rounds_needed:,} rounds."


def field_charts(board: Board, *, names: Sequence[str]) -> Iterator[Chart]:
    """How the means of a year of all models lie, with the marks of some; 20 and 60 days apart."""
    for field, label in _FIELD:
        values = {
            line.name: value for line in board.rows if (value := getattr(line, field)) is not None
        }
        if len(values) >= _LEAST_ENTRANTS and len({*values.values()}) > 1:
            yield _histogram(values, field=field, label=label, names=names)


def _histogram(values: dict[str, float], *, field: str, label: str, names: Sequence[str]) -> Chart:
    counts, edges = np.histogram(list(values.values()), bins=_BARS)
    figure = empty_figure("models", x_title=f"mean {label} of a year")
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges),
        marker={"color": COLOURS[5]},
        name="field",
        showlegend=False,
    )
    figure.update_layout(bargap=0.05, hovermode="closest")
    words, rows = [], []
    ordered = np.sort(list(values.values()))
    for place, name in enumerate(one for one in names if one in values):
        value = values[name]
        below = float(np.searchsorted(ordered, value) / len(ordered))
        figure.add_scatter(
            x=[value, value],
            y=[0, int(counts.max())],
            mode="lines",
            name=name,
            line={"color": COLOURS[place % len(COLOURS)], "width": 3},
        )
        words.append(f"{name}, at {number(value)}, stands above {100 * below:.0f} %")
        rows.append((name, number(value), f"{100 * below:.0f} %"))
    middle = float(np.median(ordered))
    told = "; ".join(words) or "no model of yours is on the board"
    return Chart(
        id=f"field-{field}",
        title=f"{label} of the field",
        words=f"{len(values)} models by the leaderboard's mean of a year, not by one round; the"
        f" middle one at {number(middle)}: {told}.",
        figure=figure,
        table=Table(headers=("model", f"mean {label}", "of the field below"), rows=tuple(rows)),
    )
