"""Characteristics of stocks → features nobody can read back: noisy variants in five equal bins."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.market.names import THEME_SETS, feature_names
from numeri_cli.practice.market.random_streams import Purpose, stream
from numeri_cli.practice.market.universe import FloatArray, IntArray, Plan, WorldSettings

FeatureArray = npt.NDArray[np.int8]
NoiseArray = npt.NDArray[np.float32]

BINS = 5
MIDDLE_BIN = 2  # of a whole era: the feature did not exist then
LATE_SHARE, LATE_SPAN = 0.12, 0.25  # families that begin late, and how late, of all eras
SMALL_SHARE = 0.8  # of the families are in the small set
MEDIUM_VARIANTS = 2
NEUTRAL_VARIANTS = (0, 2)  # in fncv3_features: every family, but not only what medium has


@dataclass(frozen=True, kw_only=True)
class FeaturePlan:
    """How each feature is made; one entry per feature, in the order of the files.

    names: in alphabetical order, which is no order at all
    characteristic: which one it measures; features of one characteristic are a family
    variant: its number in the family, from 0
    loading: weight of the characteristic, negative for one feature in three; the rest is noise
    persistence: weekly autoregression of the noise
    first_era: from which era on it exists; until then it is 2 for every stock
    """

    names: tuple[str, ...]
    characteristic: IntArray
    variant: IntArray
    loading: NoiseArray
    persistence: NoiseArray
    first_era: IntArray

    @classmethod
    def of(cls, settings: WorldSettings, plan: Plan) -> FeaturePlan:
        """The features of a world: four to six variants of each characteristic."""
        random = stream(settings.seed, Purpose.feature_plan)
        count, families = settings.features, plan.characteristics
        sizes = np.full(families, count // families)
        extra = np.resize(random.permutation(np.repeat(np.arange(families), 2)), families * 2)
        np.add.at(sizes, extra[: count - sizes.sum()], 1)
        characteristic = np.repeat(np.arange(families), sizes)
        variant = np.concatenate([np.arange(size) for size in sizes])
        place = random.permutation(count)
        size = random.uniform(0.6, 0.95, count)
        sign = np.where(random.random(count) < 0.3, -1.0, 1.0)
        half_lives = np.exp(random.uniform(math.log(2), math.log(52), count))
        is_late = random.random(families) < LATE_SHARE
        latest = max(2, round(LATE_SPAN * settings.eras))
        begins = np.where(is_late, random.integers(2, latest + 1, families), 1)
        return cls(
            names=feature_names(settings.seed, count),
            characteristic=characteristic[place],
            variant=variant[place],
            loading=(sign * size).astype(np.float32),
            persistence=(2.0 ** (-1.0 / half_lives)).astype(np.float32),
            first_era=begins[characteristic[place]],
        )

    def sets(self, seed: int, plan: Plan) -> dict[str, tuple[str, ...]]:
        """Feature sets by name: small ⊂ medium ⊂ all, fncv3_features, one set per theme."""
        random = stream(seed, Purpose.feature_plan, 1)
        families = plan.characteristics
        in_small = random.permutation(families) < round(SMALL_SHARE * families)
        chosen = {
            "small": in_small[self.characteristic] & (self.variant == 0),
            "medium": self.variant < MEDIUM_VARIANTS,
            "all": np.ones(len(self.names), dtype=bool),
            "fncv3_features": np.isin(self.variant, NEUTRAL_VARIANTS),
        }
        for theme, name in enumerate(THEME_SETS):
            members = plan.theme[self.characteristic] == theme
            if members.any():
                chosen[name] = members
        return {name: tuple(np.array(self.names)[mask].tolist()) for name, mask in chosen.items()}

    def first_noise(self, seed: int, stocks: int) -> NoiseArray:
        """(features, stocks) noise of era 1."""
        random = stream(seed, Purpose.feature_noise, 1)
        return random.standard_normal((len(self.names), stocks), dtype=np.float32)

    def next_noise(self, seed: int, era: int, *, noise: NoiseArray) -> NoiseArray:
        """(features, stocks) noise of `era`, from that of the era before."""
        random = stream(seed, Purpose.feature_noise, era)
        fresh = random.standard_normal(noise.shape, dtype=np.float32)
        memory = self.persistence[:, None]
        fresh *= np.sqrt(1 - memory**2)
        fresh += memory * noise
        return fresh

    def features(self, characteristics: FloatArray, noise: NoiseArray, *, era: int) -> FeatureArray:
        """What the files show of an era.

        characteristics: (characteristics, stocks); noise: (features, stocks)
        returns: (features, stocks) in 0–4
        """
        loading = self.loading[:, None]
        values = characteristics.astype(np.float32)[self.characteristic]
        values *= loading
        values += np.sqrt(1 - loading**2) * noise
        binned = equal_bins(values)
        binned[self.first_era > era] = MIDDLE_BIN
        return binned


def equal_bins(values: NoiseArray) -> FeatureArray:
    """Each row in five bins of equal size (± 1 where the number is not divisible), 0 the lowest.

    values: (rows, stocks); ties are broken by position
    """
    stocks = values.shape[1]
    cuts = np.arange(1, BINS) * stocks // BINS
    thresholds = np.sort(values, axis=1)[:, cuts]
    binned: FeatureArray = np.zeros(values.shape, dtype=np.int8)
    for index in range(BINS - 1):
        binned += values >= thresholds[:, index, None]
    expected = np.repeat(np.arange(BINS, dtype=np.int8), np.diff([0, *cuts, stocks]))
    for row in np.flatnonzero(binned.sum(axis=1, dtype=np.int64) != expected.sum()):
        binned[row, np.argsort(values[row], kind="stable")] = expected
    return binned
