"""Eras: their order, how far a target looks ahead, what has to be purged, walk-forward windows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from numeri_cli.errors import FileForeign, TargetAlias, TargetUnknown, UsageProblem

DAYS_PER_ERA = 5
PURGE_MARGIN_ERAS = 4
WINDOW_ERAS = 156
DAYS_PER_WEEK = 7
_DATE = re.compile(r"((?:19|20)\d{2})-?(\d{2})-?(\d{2})(?:[T ][\d:.]*)?")


@dataclass(frozen=True)
class Window:
    """One step of a walk: train on some eras, predict later ones."""

    train_eras: tuple[str, ...]
    test_eras: tuple[str, ...]


def era_number(era: str) -> float:
    """When an era was: its number, or the weeks to its date; infinity for names such as "eraX".

    Dates are 2024-01-05 or 20240105; an era of numbers is a week, too.
    """
    day = _day(era)
    if day is not None:
        return day.toordinal() / DAYS_PER_WEEK
    digits = era.removeprefix("era")
    return int(digits) if digits.isdecimal() else math.inf


def _day(era: str) -> date | None:
    """The date that an era is called by; None where its name is none."""
    found = _DATE.fullmatch(era)
    if found is None:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None


def require_times(eras: Iterable[str], *, source: str) -> None:
    """Raise FileForeign where eras are neither all numbers nor all dates.

    Without an order in time nothing can be purged. source: where they stand, for what is said
    """
    names = list(eras)
    strange = next((era for era in names if math.isinf(era_number(era))), None)
    if strange is not None:
        raise FileForeign(
            f"era {strange!r} of {source} is neither a number nor a date, so that its order in time"
            " is not known and nothing can be purged",
            hint="call eras by numbers, a week each, or by dates such as 2024-01-05",
        )
    dates = [era for era in names if _day(era) is not None]
    if dates and len(dates) < len(names):
        number = next(era for era in names if _day(era) is None)
        raise FileForeign(
            f"eras of {source} are dates, such as {dates[0]}, and numbers, such as {number}",
            hint="take files that call their eras in one way",
        )


def sort_eras(eras: Iterable[str]) -> tuple[str, ...]:
    """Each era once, in order of time."""
    return tuple(sorted(set(eras), key=lambda era: (era_number(era), era)))


def chosen_eras(names: Sequence[str], wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The wanted eras of these, in order of time; `wanted` may hold ranges such as "0575-0600".

    Raises UsageProblem where a word means no era that is there.
    """
    ordered = sort_eras(names)
    if not wanted:
        return ordered
    chosen: set[str] = set()
    for word in wanted:
        first, last = _span(word)
        low, high = era_number(first), era_number(last)
        met = [
            name
            for name in ordered
            if name == word or (low <= era_number(name) <= high and math.isfinite(low))
        ]
        if not met:
            span = f"its eras are {ordered[0]} to {ordered[-1]}" if ordered else "it has no eras"
            raise UsageProblem(f"the data has no era {word!r}", hint=span)
        chosen.update(met)
    return tuple(name for name in ordered if name in chosen)


def era_ranges(eras: Iterable[str], *, among: Iterable[str]) -> tuple[str, ...]:
    """Such as "0001–0156" and "0241": runs of eras with no other of `among` in between."""
    wanted = set(eras)
    runs: list[list[str]] = []
    is_going_on = False
    for era in sort_eras([*wanted, *among]):
        if era in wanted:
            runs = runs if is_going_on else [*runs, []]
            runs[-1].append(era)
        is_going_on = era in wanted
    return tuple(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _span(word: str) -> tuple[str, str]:
    """The first and the last era of a range such as "0575-0600" or 2024-01-05-2024-06-28."""
    if _day(word.strip()) is not None:
        return word.strip(), word.strip()
    dates = re.fullmatch(r"\s*(\d{4}-\d{2}-\d{2})\s*-\s*(\d{4}-\d{2}-\d{2})\s*", word)
    if dates:
        return dates[1], dates[2]
    first, dash, last = word.partition("-")
    return first.strip(), (last if dash else first).strip()


def horizon_days(target: str) -> int:
    """Business days a target looks ahead, from the end of its name: target_ender_60 → 60.

    Raises TargetAlias for the bare `target`, TargetUnknown where the name says no horizon.
    """
    if target == "target":
        raise TargetAlias(
            "`target` is an alias whose meaning changes between data versions",
            hint='name the target itself, such as "target_ender_60"',
        )
    match = re.search(r"_(\d+)$", target)
    if match is None:
        raise TargetUnknown(
            f"the name {target!r} does not say how many days it looks ahead",
            hint="targets end in their horizon, such as target_ender_60",
        )
    return int(match[1])


def purge_eras(targets: str | Sequence[str]) -> int:
    """Eras to leave out between train and test: 8 for 20 days, 16 for 60; the longest governs.

    An era is a week, so h days overlap h/5 eras; Numerai leaves 4 more. Where eras are dates, so
    many weeks are left out.
    """
    names = (targets,) if isinstance(targets, str) else targets
    longest = max(horizon_days(name) for name in names)
    return math.ceil(longest / DAYS_PER_ERA) + PURGE_MARGIN_ERAS


def before_purge(eras: Iterable[str], *, first_test_era: str, purge: int) -> tuple[str, ...]:
    """Those eras that may train a model which is tested from `first_test_era` on."""
    frontier = era_number(first_test_era) - purge
    return tuple(era for era in sort_eras(eras) if era_number(era) < frontier)


def walk_forward(
    eras: Iterable[str], *, purge: int, window: int = WINDOW_ERAS
) -> tuple[Window, ...]:
    """Numerai's scheme: windows of `window` eras, each predicted from all before it, purged.

    With window 156 and purge 8: train 1–148, predict 157–312; train 1–304, predict 313–468; …
    The last window may be short. Raises UsageProblem where no window can be made.
    """
    ordered = sort_eras(eras)
    if purge < 0 or window <= purge or len(ordered) <= window:
        raise UsageProblem(
            f"{len(ordered)} eras cannot be walked in windows of {window} with {purge} purged",
            hint="the window must be longer than the purge and shorter than the history",
        )
    windows = []
    for start in range(window, len(ordered), window):
        train = before_purge(ordered[:start], first_test_era=ordered[start], purge=purge)
        if train:
            windows.append(Window(train, ordered[start : start + window]))
    return tuple(windows)
