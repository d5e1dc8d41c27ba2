"""What a world may say of its eras: rows in the order of the files, nothing from the future."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from numeri_cli.errors import TargetUnknown
from numeri_cli.practice.market.features import FeatureArray, FeaturePlan
from numeri_cli.practice.market.market import DAYS_PER_ERA, Market
from numeri_cli.practice.market.names import row_ids, row_order
from numeri_cli.practice.market.targets import (
    ALIAS,
    ALIAS_STANDS_FOR,
    HORIZONS_DAYS,
    LAG_DAYS,
    TARGETS,
    RiskModel,
    horizon_of,
)
from numeri_cli.practice.market.universe import FloatArray, WorldSettings
from numeri_cli.practice.rivals.archetypes import ARCHETYPES, Archetype, field_of_rivals
from numeri_cli.practice.rivals.benchmarks import BENCHMARKS
from numeri_cli.practice.rivals.meta_model import meta_model
from numeri_cli.practice.rivals.rivals import Attendance, Rival
from numeri_cli.practice.world.archive import Archive, resolved_eras
from numeri_cli.practice.world.parquet import DataRows, PredictionRows
from numeri_cli.scoring.ranks import rank_average

RankArray = npt.NDArray[np.float32]
TargetArray = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class WorldDefinition:
    """What follows from the settings and the archetypes of the rivals."""

    settings: WorldSettings
    market: Market
    features: FeaturePlan
    rivals: tuple[Rival, ...]

    @classmethod
    def of(
        cls, settings: WorldSettings, archetypes: Sequence[Archetype] = ARCHETYPES
    ) -> WorldDefinition:
        """The definition of a world with these measures and rivals of these kinds."""
        market = Market.of(settings)
        features = FeaturePlan.of(settings, market.plan)
        rivals = field_of_rivals(
            settings, plan=market.plan, features=features, archetypes=archetypes
        )
        return cls(settings=settings, market=market, features=features, rivals=rivals)


@dataclass(frozen=True, kw_only=True)
class EraRecords:
    """The eras of a world up to its live one."""

    archive: Archive
    definition: WorldDefinition
    live_era: int

    def ids(self, era: int) -> npt.NDArray[np.str_]:
        """(stocks,) ids of an era's rows."""
        return row_ids(
            self.definition.settings.seed, self._begun(era), count=self.definition.settings.stocks
        )

    def order(self, era: int) -> npt.NDArray[np.int64]:
        """(stocks,) which stock stands in each row of an era's files; for nobody outside."""
        return self._order(self._begun(era))

    def features(self, era: int) -> FeatureArray:
        """(features, stocks) in 0–4."""
        features: FeatureArray = self.archive.read("features", self._begun(era))
        return np.take(features, self._order(era), axis=1)

    def target(self, era: int, name: str) -> TargetArray:
        """(stocks,) in {0, .25, .5, .75, 1}, NaN where unresolved; raises TargetUnknown."""
        resolved = ALIAS_STANDS_FOR if name == ALIAS else name
        if resolved not in TARGETS:
            raise TargetUnknown(
                f"there is no target {name!r} in this world",
                hint="there are " + ", ".join(TARGETS),
            )
        values: TargetArray = self.targets(era)[TARGETS.index(resolved)]
        return values

    def targets(self, era: int) -> TargetArray:
        """(TARGETS, stocks) in {0, .25, .5, .75, 1}, NaN where unresolved."""
        order = self._order(self._begun(era))
        values = np.full((len(TARGETS), len(order)), np.nan, dtype=np.float32)
        for days in HORIZONS_DAYS:
            if era <= resolved_eras(self.live_era, days):
                codes = self.archive.read(f"targets_{days}", era)
                of_horizon = [horizon_of(name) == days for name in TARGETS]
                values[of_horizon] = np.take(codes, order, axis=1) / np.float32(4)
        return values

    def targets_so_far(self, era: int, *, days: int) -> TargetArray:
        """(days, stocks) what target_ender would be after 1, 2 … `days` days of returns.

        Only for days whose returns are drawn: 5 a week since the era, less the lag.
        """
        drawn = DAYS_PER_ERA * (self.live_era - self._begun(era)) - LAG_DAYS
        if not 1 <= days <= drawn:
            raise ValueError(f"{days} days of era {era}'s returns are not known, but {drawn}")
        weeks = -(-(LAG_DAYS + days) // DAYS_PER_ERA)
        codes = RiskModel.of(self.definition.market.stocks).resolve_daily(
            self.archive.read("styles", era), self.archive.returns_from(era, weeks), days=days
        )
        return np.take(codes, self._order(era), axis=1).astype(np.float32) / np.float32(4)

    def rival_predictions(self, era: int) -> dict[str, FloatArray]:
        """By rival (stocks,) strictly inside (0, 1), from the first era after train on."""
        rows = self._uniform("rivals", era)
        return {rival.name: row for rival, row in zip(self.definition.rivals, rows, strict=True)}

    def benchmark_predictions(self, era: int) -> dict[str, FloatArray]:
        """By column (stocks,) strictly inside (0, 1), from the end of the first chunk on."""
        rows = self._uniform("benchmarks", era)
        return {model.name: row for model, row in zip(BENCHMARKS, rows, strict=True)}

    def meta_model(self, era: int) -> FloatArray:
        """(stocks,) in (0, 1): of a closed round what was kept of all that was at risk in it.

        Of other eras the predictions of the rivals that were on time, weighted by first stakes.
        """
        if self.archive.has("meta", self._begun(era)):
            kept: FloatArray = self.archive.read("meta", era)
            return kept
        settings = self.definition.settings
        stakes = [
            rival.stake_nmr if rival.attendance(settings, era) is Attendance.on_time else Decimal(0)
            for rival in self.definition.rivals
        ]
        return meta_model(np.stack(list(self.rival_predictions(era).values())), stakes)

    def data_type(self, era: int) -> str:
        """train, validation, test (the main target is still unknown) or live."""
        if era == self.live_era:
            return "live"
        if era <= self.definition.settings.train_eras:
            return "train"
        is_known = era <= resolved_eras(self.live_era, horizon_of(ALIAS))
        return "validation" if is_known else "test"

    def rows(self, era: int) -> DataRows:
        """An era as the data files show it; the alias is the last target."""
        targets = self.targets(era)
        alias = targets[TARGETS.index(ALIAS_STANDS_FOR)]
        return DataRows(
            era=era,
            data_type=self.data_type(era),
            ids=self.ids(era),
            features=self.features(era),
            targets=np.concatenate([targets, alias[None]]),
        )

    def benchmark_rows(self, era: int) -> PredictionRows:
        """An era as the benchmark files show it."""
        return self._predictions(era, np.stack(list(self.benchmark_predictions(era).values())))

    def meta_rows(self, era: int) -> PredictionRows:
        """An era as meta_model.parquet shows it."""
        return self._predictions(era, self.meta_model(era)[None])

    def example_rows(self, era: int) -> PredictionRows:
        """The example submission: the organiser's models together, as rank / n like the real."""
        ranks = rank_average(np.sum(list(self.benchmark_predictions(era).values()), axis=0))
        return self._predictions(era, (ranks / len(ranks))[None])

    def _predictions(self, era: int, columns: FloatArray) -> PredictionRows:
        return PredictionRows(
            era=era, data_type=self.data_type(era), ids=self.ids(era), columns=columns
        )

    def _begun(self, era: int) -> int:
        if not 1 <= era <= self.live_era:
            raise ValueError(f"era {era} is not between 1 and {self.live_era}")
        return era

    def _order(self, era: int) -> npt.NDArray[np.int64]:
        return row_order(self.definition.settings.seed, era, count=self.definition.settings.stocks)

    def _uniform(self, kind: str, era: int) -> FloatArray:
        """Ranks in order of stocks → (rank − 0.5) / n in order of rows."""
        ranks = self.archive.read(kind, self._begun(era))
        rows = np.take(ranks, self._order(era), axis=1).astype(np.float64)
        return (rows - 0.5) / self.definition.settings.stocks
