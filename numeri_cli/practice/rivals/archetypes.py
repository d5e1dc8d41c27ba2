"""Who the rivals are: a table of archetypes, from which a field of any size is drawn.

The mixture is that of a field whose meta model was seen to do well: mostly trees on different
features, some of them neutralized, a few linear ones, and everything a tournament has besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count, islice

import numpy as np

from numeri_cli.practice.market.features import FeaturePlan
from numeri_cli.practice.market.random_streams import (
    Purpose,
    derived_seed,
    stream,
)
from numeri_cli.practice.market.universe import (
    Plan,
    WorldSettings,
)
from numeri_cli.practice.rivals.benchmarks import BENCHMARKS
from numeri_cli.practice.rivals.rivals import Rival
from numeri_cli.practice.rivals.techniques import (
    BenchmarkCopy,
    BestFeatures,
    Noise,
    RankEnsemble,
    Ridge,
    Technique,
)
from numeri_cli.practice.rivals.trees import Trees


@dataclass(frozen=True)
class ArchetypeInputs:
    """What an archetype is drawn from: this world's features and a generator of its own."""

    settings: WorldSettings
    plan: Plan
    features: FeaturePlan
    number: int
    repeat: int
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
    """A row of the table of rivals.

    count: how many of a full field are of this kind; they differ in features, seeds and stakes
    late, missing: share of the rounds in which such a rival hands in too late, or nothing
    """

    name: str
    description: str
    count: int
    stake_nmr: str
    target: str
    build: Callable[[ArchetypeInputs], Technique]
    neutral: float = 0.0
    late: float = 0.0
    missing: float = 0.0


def _trees(inputs: ArchetypeInputs, *, share: float, depth: int) -> Trees:
    """Fifty trees on some features and every second of the binned eras."""
    return Trees(
        inputs.some(share), rounds=50, depth=depth, learning_rate=0.1, every=2,
        offset=inputs.repeat % 2, bagging=1.0,
    )  # fmt: skip


ARCHETYPES = (
    Archetype(
        "quiet_harvest", "trees, half neutralized", 8, "1460", "target_ender_60",
        lambda inputs: _trees(inputs, share=0.6, depth=5), neutral=0.5,
    ),
    Archetype(
        "old_oak", "trees", 12, "820", "target_ender_20",
        lambda inputs: _trees(inputs, share=0.5, depth=5),
    ),
    Archetype(
        "straight_edge", "ridge", 6, "310", "target_ender_20",
        lambda inputs: Ridge(inputs.some(0.4)),
    ),
    Archetype(
        "night_heron", "trees, three quarters neutralized", 3, "640", "target_jasper_20",
        lambda inputs: _trees(inputs, share=0.5, depth=4), neutral=0.75,
    ),
    Archetype(
        "tin_whistle", "shallow trees", 5, "520", "target_ender_60",
        lambda inputs: _trees(inputs, share=0.4, depth=3),
    ),
    Archetype(
        "icarus", "the three best features", 3, "95", "target_ender_20",
        lambda inputs: BestFeatures(3, inputs.some(1 / (1 + inputs.repeat))),
    ),
    Archetype(
        "level_ground", "ridge, half neutralized", 3, "240", "target_ender_60",
        lambda inputs: Ridge(inputs.some(0.5), penalty=0.2), neutral=0.5,
    ),
    Archetype(
        "short_memory", "ridge on the recent past", 2, "75", "target_ender_20",
        lambda inputs: Ridge(inputs.some(0.4), penalty=1.0, every=2, last_eras=52),
    ),
    Archetype(
        "two_themes", "trees on two themes", 4, "180", "target_victor_60",
        lambda inputs: replace(_trees(inputs, share=1, depth=4), columns=inputs.of_themes(2)),
    ),
    Archetype(
        "coin_toss", "chance", 4, "12.5", "target_ender_20",
        lambda inputs: Noise(inputs.settings.seed, inputs.number),
    ),
    Archetype(
        "echo_chamber", "the organiser's model, copied", 3, "150", "target_ender_20",
        lambda inputs: BenchmarkCopy(inputs.repeat % len(BENCHMARKS)),
    ),
    Archetype(
        "learned_by_heart", "deep trees on few eras", 2, "40", "target_ender_20",
        lambda inputs: Trees(inputs.some(0.2), rounds=40, depth=6, learning_rate=0.2, every=4),
    ),
    Archetype(
        "last_years_hits", "twenty features that paid lately", 2, "60", "target_ender_20",
        lambda inputs: BestFeatures(20, inputs.some(0.8), last_eras=26),
    ),
    Archetype(
        "small_choir", "ridge and trees together", 3, "450", "target_jasper_60",
        lambda inputs: RankEnsemble((_trees(inputs, share=0.5, depth=4), Ridge(inputs.some(0.5)))),
    ),
    Archetype(
        "sleepyhead", "trees, late in every fourth round", 2, "110", "target_ender_60",
        lambda inputs: _trees(inputs, share=0.5, depth=4), late=0.25,
    ),
    Archetype(
        "on_holiday", "ridge, missing in every third round", 2, "90", "target_ender_20",
        lambda inputs: Ridge(inputs.some(0.5)), missing=1 / 3,
    ),
)  # fmt: skip
FULL_FIELD = sum(archetype.count for archetype in ARCHETYPES)


def _rows() -> Iterator[tuple[Archetype, int]]:
    """Archetypes in turn, in every full field each as often as it says, and its number so far."""
    for field in count():
        for turn in range(max(archetype.count for archetype in ARCHETYPES)):
            for archetype in ARCHETYPES:
                if turn < archetype.count:
                    yield archetype, field * archetype.count + turn


def field_of_rivals(
    settings: WorldSettings, plan: Plan, features: FeaturePlan
) -> tuple[Rival, ...]:
    """The participants of a world: the archetypes in turn, some more often than others."""
    rivals = []
    for number, (archetype, repeat) in enumerate(islice(_rows(), settings.rivals)):
        random = stream(settings.seed, Purpose.rivals, number)
        inputs = ArchetypeInputs(settings, plan, features, number, repeat, random)
        stake = Decimal(archetype.stake_nmr)
        if repeat:
            stake = (stake * Decimal(str(random.lognormal(0, 0.8)))).quantize(Decimal("0.01"))
        rivals.append(
            Rival(
                name=archetype.name + (f"_{repeat + 1}" if repeat else ""),
                description=archetype.description,
                stake_nmr=stake,
                technique=archetype.build(inputs),
                target=archetype.target,
                seed=derived_seed(settings.seed, Purpose.rivals, 2**20 + number),
                number=number,
                neutral=archetype.neutral,
                late=archetype.late,
                missing=archetype.missing,
            )
        )
    return tuple(rivals)
