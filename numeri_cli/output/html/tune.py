"""A search as an HTML page: what it is worth, history, front, importance, every trial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from numeri_cli.commands.tune.record import SearchTrial, Tuning, TuningPage
from numeri_cli.output.formats import ABSENT, number
from numeri_cli.output.html.page import Chart, Table, write_page
from numeri_cli.output.html.style import COLOURS, empty_figure
from numeri_cli.output.text.tune import best_first, figure, tried

_MOST_SLICES = 4  # parameters that are drawn, the most important first


def write_tuning_page(page: TuningPage, path: Path, *, self_contained: bool = False) -> Path:
    """Write the page; the same search gives the same bytes. Raises DiskError."""
    record = page.tuning
    eras = record.held_out_eras
    facts = [
        ("trials", _counts(record)),
        ("scored on", f"{record.target}, {record.eras} eras in {record.windows} windows"),
        ("walked", f"1 era in {record.stride}, {record.purge_eras} eras purged"),
        ("held out", f"{eras[0]}–{eras[-1]}, {len(eras)} eras"),
        *((f"{name}", words) for name, words in record.space.items()),
    ]
    return write_page(
        "tune.html.j2",
        path,
        charts=tuple(_charts(page)),
        self_contained=self_contained,
        title=f"Search of {record.model}",
        facts=facts,
        verdict=record.verdict,
        outcomes=_outcomes(record),
        trials=_trials(page),
    )


def _counts(record: Tuning) -> str:
    words = [f"{record.done} done"]
    for count, word in (
        (record.pruned, "pruned"),
        (record.failed, "failed"),
        (record.running, "going on"),
    ):
        if count:
            words.append(f"{count} {word}")
    return ", ".join(words)


def _charts(page: TuningPage) -> Iterator[Chart]:
    record = page.tuning
    done = [one for one in record.trials if one.state == "done"]
    if not done:
        return
    if page.held_out is not None:
        yield _held_out(page)
    for place in range(len(record.aims)):
        yield _history(page, place)
    if len(record.aims) > 1:
        yield _front(page, done)
    if any(record.importances.values()):
        yield _importance(page)
    weights = next(iter(record.importances.values()), {})
    names = sorted(record.space, key=lambda name: -weights.get(name, 0.0))
    for name in names[:_MOST_SLICES]:
        yield _slice(page, name, done)


def _held_out(page: TuningPage) -> Chart:
    """CORR of the held-out eras, running sums of the trial and of the profile."""
    eras, taken, profile = page.held_out or ((), (), ())
    drawn = empty_figure("cumulative CORR", x_title="era")
    ours, theirs = (np.nancumsum(values) for values in (taken, profile))
    for values, name, colour in (
        (ours, f"trial {page.tuning.chosen}", COLOURS[0]),
        (theirs, "profile", COLOURS[1]),
    ):
        line = {"color": colour, "width": 2}
        drawn.add_scatter(x=list(eras), y=list(values), name=name, mode="lines", line=line)
    drawn.update_xaxes(type="category", nticks=10)
    words = (
        f"Over {len(eras)} eras that no trial saw the CORR of trial {page.tuning.chosen} adds up to"
        f" {number(float(ours[-1]), 3)}, that of the profile to {number(float(theirs[-1]), 3)}."
    )
    rows = tuple(
        (era, number(one), number(other))
        for era, one, other in zip(eras, taken, profile, strict=True)
    )
    return Chart(
        id="held-out",
        title="The held-out eras",
        words=words,
        figure=drawn,
        table=Table(headers=("era", f"trial {page.tuning.chosen}", "profile"), rows=rows),
    )


def _history(page: TuningPage, place: int) -> Chart:
    """An aim's figure of every trial in the order in which they began, and the best so far."""
    record, label = page.tuning, page.labels[place]
    aim = record.aims[place]
    done = [one for one in record.trials if one.state == "done"]
    values = [one.figures[aim] or 0.0 for one in done]
    numbers = [one.number for one in done]
    best = [float(value) for value in np.maximum.accumulate(values)]
    drawn = empty_figure(label, x_title="trial")
    drawn.add_scatter(
        x=numbers, y=values, name="trial", mode="markers", marker={"color": COLOURS[0], "size": 7}
    )
    drawn.add_scatter(
        x=numbers,
        y=best,
        name="best so far",
        mode="lines",
        line={"color": COLOURS[2], "width": 2, "shape": "hv"},
    )
    if record.outcomes:
        profile = record.outcomes[place].search_profile
        drawn.add_scatter(
            x=[numbers[0], numbers[-1]],
            y=[profile, profile],
            name="profile",
            mode="lines",
            line={"color": COLOURS[1], "width": 2, "dash": "dash"},
        )
    at = numbers[values.index(max(values))]
    words = f"The best of {len(done)} is {figure(aim, max(values))}, trial {at}."
    rows = tuple(
        (str(one), figure(aim, value), figure(aim, so_far))
        for one, value, so_far in zip(numbers, values, best, strict=True)
    )
    return Chart(
        id=f"history-{aim}",
        title=f"{label} of every trial",
        words=words,
        figure=drawn,
        table=Table(headers=("trial", label, "best so far"), rows=rows),
    )


def _front(page: TuningPage, done: list[SearchTrial]) -> Chart:
    """The first two aims of every trial, those that no other beats joined by a line."""
    record = page.tuning
    across, up = record.aims[:2]
    drawn = empty_figure(page.labels[1], x_title=page.labels[0])
    on_front = [one for number_ in record.front for one in done if one.number == number_]
    for some, name, style in (
        ([one for one in done if not one.on_front], "trial", {"color": COLOURS[5], "size": 7}),
        (on_front, "front", {"color": COLOURS[2], "size": 10}),
    ):
        drawn.add_scatter(
            x=[one.figures[across] for one in some],
            y=[one.figures[up] for one in some],
            text=[f"trial {one.number}" for one in some],
            name=name,
            mode="lines+markers" if name == "front" else "markers",
            marker=style,
        )
    drawn.update_layout(hovermode="closest")
    words = (
        f"{len(on_front)} of {len(done)} trials are beaten by no other in every aim; trial"
        f" {record.chosen} was taken, which is nowhere far behind."
    )
    rows = tuple(
        (str(one.number), *(figure(aim, one.figures[aim]) for aim in record.aims))
        for one in on_front
    )
    return Chart(
        id="front",
        title="The front",
        words=words,
        figure=drawn,
        table=Table(headers=("trial", *page.labels), rows=rows),
    )


def _importance(page: TuningPage) -> Chart:
    """How much each parameter decides whether a trial is among the best, a bar for each aim."""
    record = page.tuning
    first = next(weights for weights in record.importances.values() if weights)
    names = sorted(first, key=lambda name: first[name])
    drawn = empty_figure("", x_title="share")
    for place, (aim, label) in enumerate(zip(record.aims, page.labels, strict=True)):
        weights = record.importances[aim]
        drawn.add_bar(
            y=names,
            x=[weights.get(name, 0.0) for name in names],
            name=label,
            orientation="h",
            marker={"color": COLOURS[place % len(COLOURS)]},
        )
    drawn.update_layout(hovermode="closest", height=max(220, 80 + 40 * len(names)))
    words = (
        f"{names[-1]} decides most whether a trial is among the best in {page.labels[0]}:"
        f" {first[names[-1]]:.0%} (PED-ANOVA)."
    )
    rows = tuple(
        (name, *(number(record.importances[aim].get(name), 2) for aim in record.aims))
        for name in reversed(names)
    )
    return Chart(
        id="importance",
        title="Which parameters matter",
        words=words,
        figure=drawn,
        table=Table(headers=("parameter", *page.labels), rows=rows),
    )


def _slice(page: TuningPage, name: str, done: list[SearchTrial]) -> Chart:
    """The first aim against the values of one parameter."""
    record, aim = page.tuning, page.tuning.aims[0]
    drawn = empty_figure(page.labels[0], x_title=name)
    drawn.add_scatter(
        x=[one.values[name] for one in done],
        y=[one.figures[aim] for one in done],
        text=[f"trial {one.number}" for one in done],
        mode="markers",
        marker={"color": COLOURS[0], "size": 7},
    )
    by_magnitude = record.space[name].endswith("magnitude")
    drawn.update_xaxes(type="log" if by_magnitude else None)
    drawn.update_layout(hovermode="closest", showlegend=False)
    best = max(done, key=lambda one: one.figures[aim] or 0.0)
    rows = tuple(
        (str(one.number), tried(one.values[name]), figure(aim, one.figures[aim])) for one in done
    )
    return Chart(
        id=f"slice-{list(record.space).index(name)}",
        title=f"{page.labels[0]} by {name}",
        words=f"The best trial has {tried(best.values[name])}; tried was {record.space[name]}.",
        figure=drawn,
        table=Table(headers=("trial", name, page.labels[0]), rows=rows),
    )


def _outcomes(record: Tuning) -> Table:
    headers = (
        "aim",
        "search",
        "search, profile",
        "spread",
        "expected optimism",
        "held out",
        "held out, profile",
        "gain",
        "error",
        "t",
        "t needed",
    )
    rows = tuple(
        (
            one.label,
            figure(one.aim, one.search),
            figure(one.aim, one.search_profile),
            figure(one.aim, one.spread),
            figure(one.aim, one.expected_optimism),
            figure(one.aim, one.held_out),
            figure(one.aim, one.held_out_profile),
            number(one.gain, signed=True),
            number(one.standard_error),
            number(one.t, 2),
            number(one.t_needed, 2),
        )
        for one in record.outcomes
    )
    return Table(headers=headers, rows=rows)


def _trials(page: TuningPage) -> Table:
    record = page.tuning
    others = [one for one in record.trials if one.state != "done"]
    rows = tuple(
        (
            str(one.number),
            "taken" if one.number == record.chosen else "front" if one.on_front else one.state,
            *(figure(aim, one.figures[aim]) for aim in record.aims),
            *(tried(one.values.get(name, ABSENT)) for name in record.space),
            str(one.windows),
            number(one.seconds, 1),
            one.note,
        )
        for one in (*best_first(record), *others)
    )
    headers = ("trial", "state", *page.labels, *record.space, "windows", "seconds", "note")
    return Table(headers=headers, rows=rows)
