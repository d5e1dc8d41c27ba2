"""Where values lie along an axis of a picture, and what stands beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numeri_cli.output.formats import number

Ticks = tuple[tuple[Any, str], ...]
_STEPS = (1, 2, 2.5, 5, 10)
_FEW_POWERS = 4  # of ten, so that there is room for numbers between them


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One axis between two places of a picture, in its units.

    names: the place of each category, or None where the axis is of numbers
    low, high: the numbers at start and stop; ticks: (place, text)
    by_magnitude: whether equal ratios are equally far apart, of numbers above 0 alone
    """

    start: float
    stop: float
    ticks: tuple[tuple[float, str], ...]
    names: Mapping[Any, float] | None = None
    low: float = 0.0
    high: float = 1.0
    by_magnitude: bool = False

    def place(self, value: Any) -> float | None:
        """Where a value lies; None for what the axis does not have."""
        if self.names is not None:
            return self.names.get(value)
        if value is None or not math.isfinite(float(value)):
            return None
        if not self.by_magnitude:
            share = (float(value) - self.low) / (self.high - self.low)
        elif value > 0:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            return None
        return self.start + share * (self.stop - self.start)

    @property
    def zero(self) -> float | None:
        """Where 0 lies; None where it does not, or where the axis is of names."""
        return self.place(0.0) if self.names is None and self.low <= 0 <= self.high else None

    def step(self, count: int) -> float:
        """How much room each of so many values has."""
        many = max(len(self.names) if self.names is not None else count, 1)
        return (self.stop - self.start) / many


def category_scale(
    names: Sequence[Any], *, start: float, stop: float, ticks: Ticks | None = None
) -> Scale:
    """An axis of names, each in the middle of its part; ticks: all of them where not given."""
    step = (stop - start) / max(len(names), 1)
    places = {name: start + (at + 0.5) * step for at, name in enumerate(names)}
    told = ticks if ticks is not None else tuple((name, str(name)) for name in names)
    shown = tuple((places[name], text) for name, text in told if name in places)
    return Scale(start=start, stop=stop, ticks=shown, names=places)


def number_scale(
    low: float,
    high: float,
    *,
    start: float,
    stop: float,
    form: str = "",
    ticks: Ticks | None = None,
) -> Scale:
    """An axis of numbers; form: as of plotly's ticks, such as ".1%" or "d"."""
    if not low < high:
        low, high = low - 0.5, high + 0.5
    made = Scale(start=start, stop=stop, ticks=(), low=low, high=high)
    told = ticks if ticks is not None else _round_ticks(low, high, form=form)
    shown = tuple(
        (place, text)
        for value, text in told
        if low <= value <= high and (place := made.place(value)) is not None
    )
    return Scale(start=start, stop=stop, ticks=shown, low=low, high=high)


def magnitude_scale(low: float, high: float, *, start: float, stop: float) -> Scale:
    """An axis of numbers above 0 on which equal ratios are equally far apart."""
    if not low < high:
        low, high = low / 2, low * 2
    made = Scale(start=start, stop=stop, ticks=(), low=low, high=high, by_magnitude=True)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    rounds = [10.0**power for power in powers]
    if len(rounds) < _FEW_POWERS:
        rounds = [part * power for power in rounds for part in (1, 2, 5)]
    shown = tuple(
        (place, f"{value:g}")
        for value in rounds
        if low <= value <= high and (place := made.place(value)) is not None
    )
    return replace(made, ticks=shown)


def _round_ticks(low: float, high: float, *, form: str) -> Ticks:
    """About five round numbers between two others."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in _STEPS if one * power >= rough * 0.999)
    if form == "d":
        step = max(1.0, round(step))
    first = math.ceil(low / step - 1e-9)
    values = [at * step for at in range(first, math.floor(high / step + 1e-9) + 1)]
    if form.endswith("%"):
        return tuple((value, f"{number(100 * value, 1)} %") for value in values)
    places = max(0, -math.floor(math.log10(step) + 1e-9) + (1 if "25" in f"{step:g}" else 0))
    return tuple((value, number(value, places)) for value in values)
