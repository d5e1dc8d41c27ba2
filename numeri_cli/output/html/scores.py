"""Live scores and payouts as one HTML page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from numeri_cli.commands.payouts import PayoutRow
from numeri_cli.commands.score_rows import RoundScore
from numeri_cli.commands.scores import ModelScores, ScorePage, ScoreReport
from numeri_cli.output.formats import ABSENT, moment, number, told_nmr
from numeri_cli.output.html.live_charts import (
    KINDS,
    SIMULATED,
    cumulative_score,
    field_charts,
    resolved_rows,
    verdicts,
)
from numeri_cli.output.html.page import Chart, Table, write_page
from numeri_cli.output.html.style import COLOURS, empty_figure, of_rounds

Place = TypeVar("Place", int, date)

_MAPPED = (("corr60", "3"), ("v2_corr20", "6"))
_WINDOW = timedelta(weeks=13)
_ROW_PIXELS, _LEAST_PIXELS, _MOST_PIXELS = 12, 260, 900


def write_score_page(page: ScorePage, path: Path, *, self_contained: bool) -> Path:
    """Write the page; the same facts give the same bytes. Raises DiskError."""
    report = page.report
    facts = [
        ("tournament", report.tournament),
        ("account", report.account or ABSENT),
        ("as of", f"{moment(report.as_of)} {report.as_of.year}"),
    ]
    if report.offline:
        facts.append(("source", "this machine alone: the server could not be asked"))
    return write_page(
        "scores.html.j2",
        path,
        charts=tuple(_charts(page)),
        self_contained=self_contained,
        title="Scores and payouts",
        facts=facts,
        means=_means(report),
        verdicts=verdicts(page),
        simulated=SIMULATED,
    )


def _charts(page: ScorePage) -> Iterator[Chart]:
    report, payouts = page.report, page.payouts
    for kind in KINDS:
        if any(resolved_rows(model, kind) for model in report.models):
            yield cumulative_score(report, kind, live=page.live)
    for kind in _MAPPED:
        if any(_rows(model, kind) for model in report.models):
            yield score_map(report, kind)
    if page.field is not None:
        yield from field_charts(page.field, names=[model.model for model in report.models])
    settled = [row for row in payouts if row.state == "settled" and row.date is not None]
    if any(row.payout_nmr for row in settled):
        yield paid_rounds(settled)
    pending = [row for row in payouts if row.state == "pending" and row.date is not None]
    if any(row.payout_nmr for row in pending):
        yield pending_dates(pending)


def score_map(report: ScoreReport, kind: tuple[str, str]) -> Chart:
    """One score of every model and round, as it stands now, as a map of colours."""
    name, version = kind
    there = [model for model in report.models if _rows(model, kind)]
    values = {(m.model, row.round_number): row.value for m in there for row in _rows(m, kind)}
    numbers = sorted({number_ for _, number_ in values})
    models = [model.model for model in there]
    size = max(map(abs, values.values())) or 1.0
    figure = empty_figure("round", x_title="")
    figure.add_heatmap(
        x=models,
        y=numbers,
        z=[[values.get((model, at)) for model in models] for at in numbers],
        zmin=-size,
        zmax=size,
        colorscale=[[0, COLOURS[4]], [0.5, "#b8bfc6"], [1, COLOURS[2]]],
        hoverongaps=False,
        showscale=False,
        xgap=1,
        ygap=1,
    )
    # margins that fit themselves are fitted without end beside cells
    figure.update_xaxes(type="category", automargin=False, tickangle=-35)
    figure.update_yaxes(**of_rounds(numbers), automargin=False)
    figure.update_layout(
        height=min(_LEAST_PIXELS + _ROW_PIXELS * len(numbers), _MOST_PIXELS),
        margin={"l": 60, "r": 12, "t": 12, "b": 110},
        hovermode="closest",
    )
    best, worst = max(values, key=values.__getitem__), min(values, key=values.__getitem__)
    words = (
        f"Highest: {number(values[best])}, {best[0]} in round {best[1]}; lowest:"
        f" {number(values[worst])}, {worst[0]} in round {worst[1]}. Rounds that have not resolved"
        " are shown as they stand."
    )
    rows = tuple(
        (str(at), *(number(values.get((model, at))) for model in models)) for at in numbers
    )
    return Chart(
        id=f"map-{name}-{version}",
        title=f"{name} by round and model",
        words=words,
        figure=figure,
        table=Table(headers=("round", *models), rows=rows),
    )


def paid_rounds(settled: Sequence[PayoutRow]) -> Chart:
    """What each settled round paid or burned, all models together."""
    rounds = _summed((row.round_number, row.payout_nmr) for row in settled)
    figure = empty_figure("NMR", x_title="round")
    figure.update_xaxes(**of_rounds(rounds))
    figure.add_bar(
        x=list(rounds),
        y=[float(amount) for amount in rounds.values()],
        marker={"color": [COLOURS[2] if amount >= 0 else COLOURS[4] for amount in rounds.values()]},
    )
    total = told_nmr(sum(rounds.values(), start=Decimal(0)))
    words = f"{len(rounds)} rounds brought {total} NMR in all"
    worst = worst_weeks(settled)
    if worst is not None:
        first, amount = worst
        words += f"; the worst 13 weeks, from {first}, brought {told_nmr(amount)} NMR"
    return Chart(
        id="paid",
        title="Payout per round",
        words=f"{words}.",
        figure=figure,
        table=Table(
            headers=("round", "NMR"),
            rows=tuple((str(at), told_nmr(amount)) for at, amount in rounds.items()),
        ),
    )


def worst_weeks(settled: Sequence[PayoutRow]) -> tuple[date, Decimal] | None:
    """The 13 weeks with the lowest sum of payouts: their first day and the sum.

    Only whole windows count; None where less than 13 weeks passed.
    """
    days = _summed((row.date, row.payout_nmr) for row in settled if row.date is not None)
    found = [
        (first, sum((days[day] for day in days if first <= day < first + _WINDOW), Decimal(0)))
        for first in days
        if first + _WINDOW <= max(days) + timedelta(days=7)
    ]
    return min(found, key=lambda one: one[1], default=None)


def pending_dates(pending: Sequence[PayoutRow]) -> Chart:
    """What is pending, by the day on which it resolves."""
    days = _summed((row.date, row.payout_nmr) for row in pending if row.date is not None)
    figure = empty_figure("pending NMR", x_title="resolves on")
    figure.add_bar(
        x=[day.isoformat() for day in days],
        y=[float(amount) for amount in days.values()],
        marker={"color": COLOURS[0]},
    )
    if len(days) == 1:  # around one moment an axis of time names its milliseconds
        figure.update_xaxes(type="category")
    total = sum(days.values(), start=Decimal(0))
    return Chart(
        id="pending",
        title="Pending NMR by date",
        words=f"With the scores of now {told_nmr(total)} NMR in all, until {max(days)}.",
        figure=figure,
        table=Table(
            headers=("date", "NMR"),
            rows=tuple((day.isoformat(), told_nmr(amount)) for day, amount in days.items()),
        ),
    )


def _summed(amounts: Iterable[tuple[Place, Decimal]]) -> dict[Place, Decimal]:
    """Amounts by place, in its order."""
    found: defaultdict[Place, Decimal] = defaultdict(Decimal)
    for place, amount in amounts:
        found[place] += amount
    return dict(sorted(found.items()))


def _rows(model: ModelScores, kind: tuple[str, str]) -> list[RoundScore]:
    rows = (*model.open_rounds, *model.resolved_rounds)
    return [row for row in rows if (row.score, row.version) == kind]


def _means(report: ScoreReport) -> Table:
    rows = tuple(
        (
            model.model,
            one.score,
            one.version,
            ABSENT if one.days is None else str(one.days),
            str(one.rounds),
            number(one.mean, signed=True),
            number(one.standard_error),
        )
        for model in report.models
        for one in model.means
    )
    headers = ("model", "score", "version", "days", "rounds", "mean", "standard error")
    return Table(headers=headers, rows=rows)
