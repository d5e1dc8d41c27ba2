"""A search: its best trials, what the held-out eras say of the one that was taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.console import whole
from numeri_cli.output.formats import ABSENT, number
from numeri_cli.output.text.tables import Fitting, Prose, steps, table

if TYPE_CHECKING:
    from numeri_cli.commands.tune.record import SearchTrial, Tuning

MOST_SHOWN = 10
_PLACES = {"sharpe": 2}


def tuning(record: Tuning) -> RenderableType:
    """The table of trials, the figures, the verdict, the files."""
    shown = best_first(record)[:MOST_SHOWN]
    parts: list[RenderableType] = [_head(record)]
    if shown:
        parts += [_trials(record, shown), Prose(_legend(record, len(shown)), "dim")]
    if record.outcomes:
        parts += [_outcomes(record), *_meaning(record)]
    parts.append(Prose(record.verdict, "" if record.within_noise is not False else "bold"))
    parts += [Text(line) for line in _files(record)]
    if record.snippet is not None and not record.within_noise:
        parts.append(steps((f"numeri train {record.model} --profile {record.snippet.name}",)))
    return Group(*parts)


def best_first(record: Tuning) -> list[SearchTrial]:
    """The finished trials: the one that was taken, the front, then by the first aim."""
    aim = record.aims[0]
    there = [one for one in record.trials if one.state == "done"]
    return sorted(
        there,
        key=lambda one: (
            one.number != record.chosen,
            not one.on_front,
            -(one.figures[aim] or 0.0),
            one.number,
        ),
    )


def figure(aim: str, value: float | None) -> str:
    """An aim's figure with its decimals."""
    return number(value, _PLACES.get(aim, 4))


def tried(value: Any) -> str:
    """A value as the table has it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _head(record: Tuning) -> Prose:
    parts = [f"{record.done + record.pruned} of {record.wanted} trials of {record.model}"]
    for count, word in ((record.pruned, "pruned"), (record.failed, "failed")):
        if count:
            parts.append(f"{count} {word}")
    if record.running:
        parts.append(f"{record.running} going on")
    return Prose(
        f"{', '.join(parts)}; {record.target}, {record.eras} eras in {record.windows} windows,"
        f" {len(record.held_out_eras)} held out ({record.held_out_eras[0]}–"
        f"{record.held_out_eras[-1]})"
    )


def _trials(record: Tuning, shown: list[SearchTrial]) -> Fitting:
    names = list(record.space)
    labels = [one.label for one in record.outcomes] or list(record.aims)
    made = table("trial", *labels, *names, right=("trial", *labels, *names))
    for one in shown:
        mark = " *" if one.number == record.chosen else ""
        made.add_row(
            f"{one.number}{mark}",
            *(figure(aim, one.figures[aim]) for aim in record.aims),
            *(tried(one.values.get(name, ABSENT)) for name in names),
        )
    weights = next(iter(record.importances.values()), {})
    return Fitting(made, *sorted(names, key=lambda name: weights.get(name, 0.0)))


def _legend(record: Tuning, shown: int) -> str:
    more = record.done - shown
    words = "* taken"
    if len(record.aims) > 1:
        words += f"; the front: {', '.join(map(str, record.front))}"
    return f"{words}; {more} more on the page" if more else words


def _outcomes(record: Tuning) -> RenderableType:
    right = ("search", "by luck", "held out", "profile", "gain", "error", "t")
    made = table("", *right, right=right)
    for one in record.outcomes:
        made.add_row(
            one.label,
            figure(one.aim, one.search),
            figure(one.aim, one.expected_optimism),
            figure(one.aim, one.held_out),
            figure(one.aim, one.held_out_profile),
            number(one.gain, signed=True),
            number(one.standard_error),
            number(one.t, 1),
        )
    return Fitting(made, "t", "error")


def _meaning(record: Tuning) -> Iterator[RenderableType]:
    done = record.outcomes[0].trials
    yield Prose(
        f"search: the best of {done}, so too good; by luck: how far the best of {done} equal ones"
        " would lie above their mean; held out: of eras no trial saw, and the profile's own there",
        "dim",
    )


def _files(record: Tuning) -> Iterator[str]:
    yield f"search: {whole(record.study)}"
    if record.snippet is not None:
        yield f"profile: {whole(record.snippet)}"
    if record.page is not None:
        yield f"page: {whole(record.page)}"
