"""What is chosen before a fund begins: its weeks, and the rival that did best until then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numeri_cli.errors import PracticeSettings
from numeri_cli.practice.market.targets import eras_to_resolve
from numeri_cli.practice.market.universe import FloatArray
from numeri_cli.practice.rivals.rivals import Attendance
from numeri_cli.practice.world.archive import resolved_eras
from numeri_cli.practice.world.world import World
from numeri_cli.published import Published
from numeri_cli.scoring.ranks import gaussianize
from numeri_cli.scoring.scores import centred, corr_gaussian

CHOICE_TARGET, CHOICE_DAYS = "target_ender_20", 20
ENOUGH_ROUNDS = 13  # until the first live tranche has run its course
WARM_UP_ERAS = 16  # of history: 12 to choose the rival by, and until these are resolved
LEAST_SEEN = 0.5  # of the eras a rival is judged by: the share it must have submitted in time


@dataclass(frozen=True, kw_only=True)
class FundPeriod(Published):
    """The weeks of a fund.

    first_era, last_era: of the tranches it buys, its first day's older ones aside
    live_weeks: how many of its weeks are live rounds
    live_rounds: how many have passed since the world began
    """

    first_era: int
    last_era: int
    live_weeks: int
    live_rounds: int

    @property
    def weeks(self) -> int:
        """How many tranches."""
        return self.last_era - self.first_era + 1

    @property
    def is_live(self) -> bool:
        """Whether it trades live rounds only."""
        return self.live_weeks == self.weeks


@dataclass(frozen=True, kw_only=True)
class RivalChoice(Published):
    """The rival chosen in advance, and by what."""

    name: str
    technique: str
    target: str
    corr_mean: float
    first_era: int
    last_era: int


def chosen_period(world: World, *, from_era: int | None, eras: int | None) -> FundPeriod:
    """The weeks asked for, else the live rounds, else what history has after the warm-up."""
    settings, last = world.settings, world.live_era - 1
    live_rounds = last - settings.eras
    earliest = settings.train_eras + 1 + eras_to_resolve(CHOICE_DAYS)
    if from_era is None:
        half = (settings.eras - settings.train_eras) // 2
        history = settings.train_eras + 1 + min(WARM_UP_ERAS, half)
        from_era = settings.eras + 1 if live_rounds >= ENOUGH_ROUNDS else history
    if not earliest <= from_era <= last:
        raise PracticeSettings(
            f"no fund can begin in era {from_era}",
            hint=f"from {earliest}, when a first rival can be chosen, to {last}, the newest week",
        )
    if eras is not None:
        if eras < 1:
            raise PracticeSettings(f"no fund lasts {eras} weeks", hint="ask for 1 or more")
        last = min(last, from_era + eras - 1)
    live_weeks = max(last - max(from_era - 1, settings.eras), 0)
    return FundPeriod(
        first_era=from_era, last_era=last, live_weeks=live_weeks, live_rounds=live_rounds
    )


def best_rival(world: World, *, before_era: int) -> RivalChoice:
    """Who had the highest mean CORR when an era begins, of those who took part in half of all."""
    first, last = world.settings.train_eras + 1, resolved_eras(before_era, CHOICE_DAYS)
    scores: dict[str, list[float]] = {}
    for era in range(first, last + 1):
        aim = centred(np.asarray(world.target(era, CHOICE_TARGET), dtype=np.float64))
        for name, prediction in in_time(world, era).items():
            scores.setdefault(name, []).append(corr_gaussian(gaussianize(prediction), aim))
    least = LEAST_SEEN * (last - first + 1)
    means = {name: float(np.mean(some)) for name, some in scores.items() if len(some) >= least}
    name = max(means, key=lambda one: np.nan_to_num(means[one], nan=-np.inf))
    technique = next(one.technique for one in world.participants() if one.name == name)
    return RivalChoice(
        name=name,
        technique=technique,
        target=CHOICE_TARGET,
        corr_mean=means[name],
        first_era=first,
        last_era=last,
    )


def in_time(world: World, era: int) -> dict[str, FloatArray]:
    """The predictions of the rivals that submitted before an era's round closed, by name."""
    kept = world.attendance(era)
    found = world.rival_predictions(era)
    return {name: one for name, one in found.items() if kept[name] is Attendance.on_time}
