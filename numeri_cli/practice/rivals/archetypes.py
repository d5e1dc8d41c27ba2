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
from numeri_cli.practice.market.random_streams import Purpose, derived_seed, stream
from numeri_cli.practice.market.universe import Plan, WorldSettings
from numeri_cli.practice.rivals.benchmarks import BENCHMARKS
from numeri_cli.practice.rivals.rivals import Rival
from numeri_cli.practice.rivals.technique import Technique
from numeri_cli.practice.rivals.techniques import (
    BenchmarkCopy,
    BestFeatures,
    Noise,
    RankEnsemble,
    Ridge,
)
from numeri_cli.practice.rivals.trees import Trees


@dataclass(frozen=True, kw_only=True)
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
        columns=inputs.some(share),
        rounds=rounds,
        depth=depth,
        learning_rate=learning_rate,
        every=every,
        offset=inputs.repeat % 2 if shifted else 0,
        bagging=bagging,
    )


def _theme_trees(inputs: ArchetypeInputs, *, themes: int, depth: int) -> Trees:
    """Trees on all features of some themes."""
    return replace(_trees(inputs, share=1, depth=depth), columns=inputs.of_themes(themes))


def _ridge(inputs: ArchetypeInputs, *, share: float, **parameters: Any) -> Ridge:
    """Ridge on some features."""
    return Ridge(columns=inputs.some(share), **parameters)


def _best_features(
    inputs: ArchetypeInputs, *, count: int, share: float | None = None, **parameters: Any
) -> BestFeatures:
    """A few of some features; where share is None, of all, of a half, of a third, and so on."""
    seen = 1 / (1 + inputs.repeat) if share is None else share
    return BestFeatures(count=count, columns=inputs.some(seen), **parameters)


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


@dataclass(frozen=True, kw_only=True)
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
    parameters: Mapping[str, int | float] = field(default_factory=dict)
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
        name="quiet_harvest", description="trees, half neutralized",
        count=8, stake_nmr="1460", target="target_ender_60",
        builder="trees", parameters={"share": 0.6, "depth": 5}, neutral=0.5,
    ),
    Archetype(
        name="old_oak", description="trees",
        count=12, stake_nmr="820", target="target_ender_20",
        builder="trees", parameters={"share": 0.5, "depth": 5},
    ),
    Archetype(
        name="straight_edge", description="ridge",
        count=6, stake_nmr="310", target="target_ender_20",
        builder="ridge", parameters={"share": 0.4},
    ),
    Archetype(
        name="night_heron", description="trees, three quarters neutralized",
        count=3, stake_nmr="640", target="target_jasper_20",
        builder="trees", parameters={"share": 0.5, "depth": 4}, neutral=0.75,
    ),
    Archetype(
        name="tin_whistle", description="shallow trees",
        count=5, stake_nmr="520", target="target_ender_60",
        builder="trees", parameters={"share": 0.4, "depth": 3},
    ),
    Archetype(
        name="icarus", description="the three best features",
        count=3, stake_nmr="95", target="target_ender_20",
        builder="best features", parameters={"count": 3},
    ),
    Archetype(
        name="level_ground", description="ridge, half neutralized",
        count=3, stake_nmr="240", target="target_ender_60",
        builder="ridge", parameters={"share": 0.5, "penalty": 0.2}, neutral=0.5,
    ),
    Archetype(
        name="short_memory", description="ridge on the recent past",
        count=2, stake_nmr="75", target="target_ender_20",
        builder="ridge", parameters={"share": 0.4, "penalty": 1.0, "every": 2, "last_eras": 52},
    ),
    Archetype(
        name="two_themes", description="trees on two themes",
        count=4, stake_nmr="180", target="target_victor_60",
        builder="theme trees", parameters={"themes": 2, "depth": 4},
    ),
    Archetype(
        name="coin_toss", description="chance",
        count=4, stake_nmr="12.5", target="target_ender_20", builder="chance",
    ),
    Archetype(
        name="echo_chamber", description="the organiser's model, copied",
        count=3, stake_nmr="150", target="target_ender_20",
        builder="benchmark copy",
    ),
    Archetype(
        name="learned_by_heart", description="deep trees on few eras",
        count=2, stake_nmr="40", target="target_ender_20",
        builder="trees", parameters={
            "share": 0.2, "depth": 6, "rounds": 40, "learning_rate": 0.2, "every": 4,
            "shifted": False, "bagging": 0.5,
        },
    ),
    Archetype(
        name="last_years_hits", description="twenty features that paid lately",
        count=2, stake_nmr="60", target="target_ender_20",
        builder="best features", parameters={"count": 20, "share": 0.8, "last_eras": 26},
    ),
    Archetype(
        name="small_choir", description="ridge and trees together",
        count=3, stake_nmr="450", target="target_jasper_60",
        builder="trees and ridge", parameters={"share": 0.5, "depth": 4},
    ),
    Archetype(
        name="sleepyhead", description="trees, late in every fourth round",
        count=2, stake_nmr="110", target="target_ender_60",
        builder="trees", parameters={"share": 0.5, "depth": 4}, late=0.25,
    ),
    Archetype(
        name="on_holiday", description="ridge, missing in every third round",
        count=2, stake_nmr="90", target="target_ender_20",
        builder="ridge", parameters={"share": 0.5}, missing=1 / 3,
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
        inputs = ArchetypeInputs(
            settings=settings,
            plan=plan,
            features=features,
            number=number,
            repeat=repeat,
            random=random,
        )
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
