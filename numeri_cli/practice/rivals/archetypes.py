"""Who the rivals are: a table of archetypes, from which a field of any size is drawn.

The mixture is that of a field whose meta model was seen to do well: mostly trees on different
features, some of them neutralized, a few linear ones, and everything a tournament has besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count, islice
from typing import Any

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


def _trees(
    inputs: ArchetypeInputs,
    *,
    share: float,
    depth: int,
    rounds: int = 50,
    learning_rate: float = 0.1,
    every: int = 2,
    shifted: bool = True,
    bagging: float = 1.0,
) -> Trees:
    """Trees on some features and binned eras; where shifted, every second rival has other eras."""
    return Trees(
        inputs.some(share), rounds=rounds, depth=depth, learning_rate=learning_rate, every=every,
        offset=inputs.repeat % 2 if shifted else 0, bagging=bagging,
    )  # fmt: skip


def _theme_trees(inputs: ArchetypeInputs, *, themes: int, depth: int) -> Trees:
    """Trees on all features of some themes."""
    return replace(_trees(inputs, share=1, depth=depth), columns=inputs.of_themes(themes))


def _ridge(inputs: ArchetypeInputs, *, share: float, **parameters: Any) -> Ridge:
    """Ridge on some features."""
    return Ridge(inputs.some(share), **parameters)


def _best_features(
    inputs: ArchetypeInputs, *, count: int, share: float | None = None, **parameters: Any
) -> BestFeatures:
    """A few of some features; where share is None, of all, of a half, of a third, and so on."""
    seen = 1 / (1 + inputs.repeat) if share is None else share
    return BestFeatures(count, inputs.some(seen), **parameters)


def _trees_and_ridge(inputs: ArchetypeInputs, *, share: float, depth: int) -> RankEnsemble:
    """Trees and ridge together, each on features of its own."""
    trees = _trees(inputs, share=share, depth=depth)
    return RankEnsemble((trees, _ridge(inputs, share=share)))


def _chance(inputs: ArchetypeInputs) -> Noise:
    return Noise(inputs.settings.seed, inputs.number)


def _benchmark_copy(inputs: ArchetypeInputs) -> BenchmarkCopy:
    return BenchmarkCopy(inputs.repeat % len(BENCHMARKS))


BUILDERS: Mapping[str, Callable[..., Technique]] = {
    "trees": _trees,
    "theme trees": _theme_trees,
    "ridge": _ridge,
    "best features": _best_features,
    "trees and ridge": _trees_and_ridge,
    "chance": _chance,
    "benchmark copy": _benchmark_copy,
}


@dataclass(frozen=True)
class Archetype:
    """A row of the table of rivals; every world keeps the rows that it was made with.

    count: how many of a full field are of this kind; they differ in features, seeds and stakes
    builder: how its technique is made, a key of BUILDERS; parameters: with what
    late, missing: share of the rounds in which such a rival submits too late, or nothing
    """

    name: str
    description: str
    count: int
    stake_nmr: str
    target: str
    builder: str
    parameters: Mapping[str, float] = field(default_factory=dict)
    neutral: float = 0.0
    late: float = 0.0
    missing: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError for a builder that is not known, or a count below 1."""
        if self.builder not in BUILDERS or self.count < 1:
            raise ValueError(f"an archetype cannot be {self.count} × {self.builder!r}")

    def technique(self, inputs: ArchetypeInputs) -> Technique:
        """The technique of one rival of this kind."""
        return BUILDERS[self.builder](inputs, **self.parameters)


ARCHETYPES = (
    Archetype(
        "quiet_harvest", "trees, half neutralized", 8, "1460", "target_ender_60",
        "trees", {"share": 0.6, "depth": 5}, neutral=0.5,
    ),
    Archetype(
        "old_oak", "trees", 12, "820", "target_ender_20",
        "trees", {"share": 0.5, "depth": 5},
    ),
    Archetype(
        "straight_edge", "ridge", 6, "310", "target_ender_20",
        "ridge", {"share": 0.4},
    ),
    Archetype(
        "night_heron", "trees, three quarters neutralized", 3, "640", "target_jasper_20",
        "trees", {"share": 0.5, "depth": 4}, neutral=0.75,
    ),
    Archetype(
        "tin_whistle", "shallow trees", 5, "520", "target_ender_60",
        "trees", {"share": 0.4, "depth": 3},
    ),
    Archetype(
        "icarus", "the three best features", 3, "95", "target_ender_20",
        "best features", {"count": 3},
    ),
    Archetype(
        "level_ground", "ridge, half neutralized", 3, "240", "target_ender_60",
        "ridge", {"share": 0.5, "penalty": 0.2}, neutral=0.5,
    ),
    Archetype(
        "short_memory", "ridge on the recent past", 2, "75", "target_ender_20",
        "ridge", {"share": 0.4, "penalty": 1.0, "every": 2, "last_eras": 52},
    ),
    Archetype(
        "two_themes", "trees on two themes", 4, "180", "target_victor_60",
        "theme trees", {"themes": 2, "depth": 4},
    ),
    Archetype("coin_toss", "chance", 4, "12.5", "target_ender_20", "chance"),
    Archetype(
        "echo_chamber", "the organiser's model, copied", 3, "150", "target_ender_20",
        "benchmark copy",
    ),
    Archetype(
        "learned_by_heart", "deep trees on few eras", 2, "40", "target_ender_20",
        "trees", {
            "share": 0.2, "depth": 6, "rounds": 40, "learning_rate": 0.2, "every": 4,
            "shifted": False, "bagging": 0.5,
        },
    ),
    Archetype(
        "last_years_hits", "twenty features that paid lately", 2, "60", "target_ender_20",
        "best features", {"count": 20, "share": 0.8, "last_eras": 26},
    ),
    Archetype(
        "small_choir", "ridge and trees together", 3, "450", "target_jasper_60",
        "trees and ridge", {"share": 0.5, "depth": 4},
    ),
    Archetype(
        "sleepyhead", "trees, late in every fourth round", 2, "110", "target_ender_60",
        "trees", {"share": 0.5, "depth": 4}, late=0.25,
    ),
    Archetype(
        "on_holiday", "ridge, missing in every third round", 2, "90", "target_ender_20",
        "ridge", {"share": 0.5}, missing=1 / 3,
    ),
)  # fmt: skip
FULL_FIELD = sum(archetype.count for archetype in ARCHETYPES)


def _rows(archetypes: Sequence[Archetype]) -> Iterator[tuple[Archetype, int]]:
    """Archetypes in turn, in every full field each as often as it says, and its number so far."""
    for fields in count():
        for turn in range(max(archetype.count for archetype in archetypes)):
            for archetype in archetypes:
                if turn < archetype.count:
                    yield archetype, fields * archetype.count + turn


def field_of_rivals(
    settings: WorldSettings,
    *,
    plan: Plan,
    features: FeaturePlan,
    archetypes: Sequence[Archetype] = ARCHETYPES,
) -> tuple[Rival, ...]:
    """The participants of a world: the archetypes in turn, some more often than others."""
    rivals = []
    for number, (archetype, repeat) in enumerate(islice(_rows(archetypes), settings.rivals)):
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
                technique=archetype.technique(inputs),
                target=archetype.target,
                seed=derived_seed(settings.seed, Purpose.rivals, 2**20 + number),
                number=number,
                neutral=archetype.neutral,
                late=archetype.late,
                missing=archetype.missing,
            )
        )
    return tuple(rivals)
