"""The other participants: who they are, how they forecast, what they stake.

A table of archetypes; a larger field repeats it with other features, seeds and stakes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from numeri_cli.practice.forecasters import (
    BenchmarkCopy,
    BestFeatures,
    Forecaster,
    History,
    Lesson,
    LiveView,
    Noise,
    Ridge,
    ScoreArray,
    Technique,
)
from numeri_cli.practice.obfuscation import FeaturePlan
from numeri_cli.practice.streams import Purpose, derived_seed, stream
from numeri_cli.practice.trees import Trees
from numeri_cli.practice.universe import Plan, WorldSettings
from numeri_cli.scoring.neutral import neutralize
from numeri_cli.scoring.ranks import gaussianize

SCORE_UNIT = 1e-9  # neutralized scores are rounded to it, so that no thread decides a rank


@dataclass(frozen=True)
class RivalRecord:
    """What the leaderboard may know of a rival."""

    name: str
    technique: str
    stake_nmr: Decimal


@dataclass(frozen=True)
class Rival:
    """One participant.

    technique: how it forecasts; target, seed: what it learns with
    neutral: proportion of what all features explain that is taken out of the forecast
    """

    name: str
    description: str
    stake_nmr: Decimal
    technique: Technique
    target: str
    seed: int
    neutral: float = 0.0

    @property
    def record(self) -> RivalRecord:
        """What the leaderboard may know."""
        return RivalRecord(self.name, self.description, self.stake_nmr)

    def train(self, settings: WorldSettings, history: History) -> bytes:
        """Learn from the train eras, less the purge before validation."""
        eras = range(1, settings.rival_eras + 1)
        return self.technique.fit(Lesson(history, eras, self.target, self.seed))


def handed_in(
    rivals: Sequence[Rival], forecasters: Sequence[Forecaster], view: LiveView
) -> ScoreArray:
    """(rivals, rows) what each hands in, before ranking within the era."""
    scores = np.stack([forecaster.scores(view) for forecaster in forecasters])
    neutral = [index for index, rival in enumerate(rivals) if rival.neutral]
    for part in view.parts if neutral else ():
        # all at once: one least squares with several right sides costs little more than one
        columns = gaussianize(scores[neutral, part].T)
        explained = columns - neutralize(columns, view.features[:, part].T)
        left = columns - explained * [rivals[index].neutral for index in neutral]
        scores[neutral, part] = np.rint(left / SCORE_UNIT).T
    return scores


@dataclass(frozen=True)
class Desk:
    """What an archetype is drawn from: this world's features and a generator of its own."""

    settings: WorldSettings
    plan: Plan
    features: FeaturePlan
    number: int
    random: np.random.Generator

    def some(self, share: float) -> tuple[int, ...]:
        """A random choice of features, at least four."""
        count = len(self.features.names)
        size = min(count, max(4, round(share * count)))
        return tuple(np.sort(self.random.permutation(count)[:size]).tolist())

    def of_themes(self, themes: int) -> tuple[int, ...]:
        """The features of some themes."""
        chosen = self.random.permutation(int(self.plan.theme.max()) + 1)[:themes]
        is_member = np.isin(self.plan.theme[self.features.characteristic], chosen)
        return tuple(np.flatnonzero(is_member).tolist())


@dataclass(frozen=True)
class Archetype:
    """A row of the table of rivals."""

    name: str
    description: str
    stake_nmr: str
    target: str
    build: Callable[[Desk], Technique]
    neutral: float = 0.0


ARCHETYPES = (
    Archetype(
        "quiet_harvest", "trees, half neutralized", "1460", "target_ender_60",
        lambda desk: Trees(desk.some(0.6), rounds=80, depth=5), neutral=0.5,
    ),
    Archetype(
        "old_oak", "trees", "820", "target_ender_20",
        lambda desk: Trees(desk.some(0.5), rounds=70, depth=5),
    ),
    Archetype(
        "straight_edge", "ridge", "310", "target_ender_20",
        lambda desk: Ridge(desk.some(0.4)),
    ),
    Archetype(
        "night_heron", "trees, three quarters neutralized", "640", "target_jasper_20",
        lambda desk: Trees(desk.some(0.5), rounds=70, depth=4), neutral=0.75,
    ),
    Archetype(
        "tin_whistle", "shallow trees", "520", "target_ender_60",
        lambda desk: Trees(desk.some(0.4), rounds=70, depth=3),
    ),
    Archetype(
        "icarus", "the three best features", "95", "target_ender_20",
        lambda desk: BestFeatures(3),
    ),
    Archetype(
        "level_ground", "ridge, half neutralized", "240", "target_ender_60",
        lambda desk: Ridge(desk.some(0.5), penalty=0.2), neutral=0.5,
    ),
    Archetype(
        "short_memory", "ridge on the recent past", "75", "target_ender_20",
        lambda desk: Ridge(desk.some(0.4), penalty=1.0, every=2, last_eras=52),
    ),
    Archetype(
        "two_themes", "trees on two themes", "180", "target_victor_60",
        lambda desk: Trees(desk.of_themes(2), rounds=50, depth=4),
    ),
    Archetype(
        "coin_toss", "chance", "12.5", "target_ender_20",
        lambda desk: Noise(desk.settings.seed, desk.number),
    ),
    Archetype(
        "echo_chamber", "the organiser's model, copied", "150", "target_ender_20",
        lambda desk: BenchmarkCopy(0),
    ),
    Archetype(
        "learned_by_heart", "deep trees on few eras", "40", "target_ender_20",
        lambda desk: Trees(desk.some(0.2), rounds=40, depth=8, learning_rate=0.2, every=4),
    ),
)  # fmt: skip


def field_of_rivals(
    settings: WorldSettings, plan: Plan, features: FeaturePlan
) -> tuple[Rival, ...]:
    """The participants of a world, the archetypes in turn."""
    rivals = []
    for number in range(settings.rivals):
        repeat, row = divmod(number, len(ARCHETYPES))
        archetype = ARCHETYPES[row]
        random = stream(settings.seed, Purpose.rivals, number)
        desk = Desk(settings, plan, features, number, random)
        stake = Decimal(archetype.stake_nmr)
        if repeat:
            stake = (stake * Decimal(str(random.lognormal(0, 0.8)))).quantize(Decimal("0.01"))
        rivals.append(
            Rival(
                name=archetype.name + (f"_{repeat + 1}" if repeat else ""),
                description=archetype.description,
                stake_nmr=stake,
                technique=archetype.build(desk),
                target=archetype.target,
                seed=derived_seed(settings.seed, Purpose.rivals, 2**20 + number),
                neutral=archetype.neutral,
            )
        )
    return tuple(rivals)
