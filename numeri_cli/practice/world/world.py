"""The world behind the practice tournament: one week after the other, no dates, no wire.

Rows of an era always come in the order of its files. What is not yet drawn cannot be asked for:
the returns of the live era's week are drawn when the week passes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from numeri_cli.errors import PracticeExists
from numeri_cli.practice.market.features import FeatureArray
from numeri_cli.practice.market.targets import (
    ALIAS,
    HORIZONS_DAYS,
    TARGETS,
    RiskModel,
    eras_to_resolve,
)
from numeri_cli.practice.market.universe import FloatArray, WorldSettings
from numeri_cli.practice.rivals.archetypes import ARCHETYPES, Archetype
from numeri_cli.practice.rivals.rivals import Attendance, RivalRecord
from numeri_cli.practice.world import dataset_files, history
from numeri_cli.practice.world.archive import (
    Archive,
    WeekStart,
    WorldState,
    damaged,
    read_world_state,
    resolved_eras,
)
from numeri_cli.practice.world.eras import EraRecords, WorldDefinition
from numeri_cli.practice.world.trained_field import TrainedField
from numeri_cli.progress import SILENT, Listener


class World:
    """A world on disk. One process at a time may advance or publish it; the caller sees to that."""

    def __init__(self, root: Path, state: WorldState) -> None:
        self.root = root
        self._state = state
        try:
            self._definition = WorldDefinition.of(state.settings, state.archetypes)
        except (ArithmeticError, KeyError, TypeError, ValueError) as error:
            raise damaged(root, f"world.json tells of rivals that cannot be ({error})") from error
        self._archive = Archive(root, state.settings)
        self._field = TrainedField(archive=self._archive, rivals=self._definition.rivals)

    @classmethod
    def create(
        cls,
        root: Path,
        settings: WorldSettings,
        *,
        field: bool = True,
        archetypes: tuple[Archetype, ...] = ARCHETYPES,
        listener: Listener = SILENT,
    ) -> World:
        """Make a world with eras 1 … settings.eras as history, and publish its files.

        field: False leaves the rivals, the organiser's models and their files to `train_field`
        archetypes: of the rivals; the world keeps them
        Killed at any time, it leaves no world; the next call begins again.
        Raises PracticeExists, DiskFull, PathForbidden, DiskTrouble.
        """
        if (root / "world.json").exists():
            raise PracticeExists(
                f"there is a practice world in {root} already",
                hint="`numeri practice reset` removes it",
            )
        history.clear(root)
        begun = WorldState(
            settings=settings,
            live_era=settings.eras + 1,
            published_era=0,
            has_field=False,
            archetypes=archetypes,
        )
        world = cls(root, begun)
        world._make_history(listener)
        world.publish(listener=listener)
        if field:
            world.train_field(listener=listener)
        return world

    @classmethod
    def open(cls, root: Path) -> World:
        """The world in `root`. Raises PracticeMissing, PracticeDamaged."""
        return cls(root, read_world_state(root))

    @property
    def settings(self) -> WorldSettings:
        """The measures it was made with."""
        return self._state.settings

    @property
    def live_era(self) -> int:
        """The era whose data are open; all before it are history."""
        return self._state.live_era

    @property
    def published_era(self) -> int:
        """The live era whose files lie ready; 0 for none."""
        return self._state.published_era

    @property
    def has_field(self) -> bool:
        """Whether there are predictions of rivals and benchmarks; `train_field` makes them."""
        return self._state.has_field

    @property
    def feature_names(self) -> tuple[str, ...]:
        """All features, in the order of the files."""
        return self._definition.features.names

    @property
    def feature_sets(self) -> dict[str, tuple[str, ...]]:
        """Feature sets by name: small ⊂ medium ⊂ all, fncv3_features, themes."""
        return self._definition.features.sets(self.settings.seed, self._definition.market.plan)

    @property
    def targets(self) -> tuple[str, ...]:
        """All names of targets; the alias `target` is the last."""
        return (*TARGETS, ALIAS)

    def live_ids(self, era: int) -> npt.NDArray[np.str_]:
        """(stocks,) ids of an era's rows, of any era from 1 to the live one."""
        return self.era_records.ids(era)

    def features(self, era: int) -> FeatureArray:
        """(features, stocks) in 0–4, of any era from 1 to the live one."""
        return self.era_records.features(era)

    def target(self, era: int, name: str) -> npt.NDArray[np.float32]:
        """(stocks,) in {0, .25, .5, .75, 1}, NaN where unresolved; raises TargetUnknown."""
        return self.era_records.target(era, name)

    def participants(self) -> tuple[RivalRecord, ...]:
        """The rivals, in a fixed order."""
        return tuple(rival.record for rival in self._definition.rivals)

    def attendance(self, era: int) -> dict[str, Attendance]:
        """Whether each rival submits to the round of a live era, and in time."""
        return {one.name: one.attendance(self.settings, era) for one in self._definition.rivals}

    def rival_predictions(self, era: int) -> dict[str, FloatArray]:
        """By rival (stocks,) strictly inside (0, 1), from the first era after train to the live."""
        return self.era_records.rival_predictions(era)

    def benchmark_predictions(self, era: int) -> dict[str, FloatArray]:
        """By column (stocks,) strictly inside (0, 1), of validation eras and the live one."""
        return self.era_records.benchmark_predictions(era)

    def meta_model(self, era: int) -> FloatArray:
        """(stocks,) all predictions weighted by stake, in (0, 1); by first stakes in history."""
        return self.era_records.meta_model(era)

    def keep_meta_model(self, values: FloatArray) -> None:
        """Keep what the crowd said in the live era: (stocks,) in (0, 1), in order of rows."""
        self._archive.write("meta", self.live_era, values)

    @property
    def era_records(self) -> EraRecords:
        """All that may be said of the eras so far."""
        return EraRecords(
            archive=self._archive, definition=self._definition, live_era=self.live_era
        )

    def train_field(self, *, listener: Listener = SILENT) -> None:
        """Train the rivals and the organiser's models, ask them, write their files; only once.

        Killed at any time, the next call begins again; the outcome is the same whenever it is.
        """
        if self.has_field:
            return
        trainings = list(self._field.trainings())
        with listener.task("Training all models", total=len(trainings), unit="models") as task:
            history.run_all(trainings, task)
        listener.step("rivals_trained")
        count = self.settings.eras - self.settings.chunk_eras
        with listener.task("Asking all models", total=count, unit="weeks") as task:
            history.predict_history(self._archive, self._field, task=task)
        self._predict_live(self.live_era)
        eras = range(self.settings.train_eras + 1, self.live_era)
        with self._archive.base_writer("meta", count=len(eras)) as keep:
            for era in eras:
                keep(self.meta_model(era))
        listener.step("rivals_asked")
        works = (
            *dataset_files.fixed_field_works(self.root, self.era_records),
            *dataset_files.round_field_works(self.root, self.era_records),
        )
        with listener.task("Writing what they say", total=len(works), unit="files") as task:
            history.run_all(works, task)
        listener.step("field_files_written")
        self._put_in_force(replace(self._state, has_field=True))
        listener.step("field_in_force")

    def advance(self, *, listener: Listener = SILENT) -> None:
        """One week passes: returns are drawn, targets resolve, the next era goes live.

        Killed at any time, it leaves the week before whole; the next call does it again, alike.
        """
        self.train_field(listener=listener)
        week_start = self._archive.read_week_start(self.live_era)
        week, state = self._definition.market.week(week_start.market)
        self._archive.write("returns", self.live_era, week)
        listener.step("returns_drawn")
        self._resolve_targets(state.era)
        listener.step("targets_resolved")
        noise = self._definition.features.next_noise(
            self.settings.seed, state.era, noise=week_start.noise
        )
        following = WeekStart(state, noise)
        self._make_live(following)
        self._predict_live(state.era)
        listener.step("live_era_made")
        self._archive.write_week_start(following)
        listener.step("week_start_written")
        self._put_in_force(replace(self._state, live_era=state.era))
        listener.step("week_in_force")
        self._archive.tidy(self.live_era)

    def publish(self, *, listener: Listener = SILENT) -> None:
        """Write the files of the live era, unless they lie ready; older ones go afterwards."""
        if self.published_era != self.live_era or not all(map(Path.is_file, self._written())):
            works = (
                *dataset_files.churn_works(self.root, self.era_records),
                *dataset_files.round_works(self.root, self.era_records),
                *(
                    dataset_files.round_field_works(self.root, self.era_records)
                    if self.has_field
                    else ()
                ),
            )
            with listener.task("Writing the round's files", total=len(works), unit="files") as task:
                history.run_all(works, task)
            listener.step("files_written")
            self._put_in_force(replace(self._state, published_era=self.live_era))
            listener.step("files_in_force")
            self._archive.tidy(self.live_era)
        dataset_files.drop_rounds_but(self.root, self.live_era)

    def files(self) -> dict[str, Path]:
        """Path of every dataset file of the live era by its name, such as "v5.3/live.parquet".

        Where a killed process has left them unpublished, they are published first; those of the
        field are there once it is trained.
        """
        self.publish()
        return dataset_files.paths(self.root, self.live_era)

    def _make_history(self, listener: Listener) -> None:
        definition, settings = self._definition, self.settings
        with listener.task("Running the market", total=settings.eras, unit="weeks") as task:
            week_start = history.run_history(
                self._archive, definition.market, features=definition.features, task=task
            )
        listener.step("market_run")
        works = dataset_files.fixed_works(self.root, self.era_records)
        with listener.task("Writing the history", total=len(works), unit="files") as task:
            history.run_all(works, task)
        self._make_live(week_start)
        self._archive.write_week_start(week_start)
        listener.step("history_made")

    def _written(self) -> list[Path]:
        """The files that lie ready when the live era is published."""
        found = dataset_files.paths(self.root, self.live_era)
        return [
            path
            for name, path in found.items()
            if self.has_field or not dataset_files.is_of_field(name)
        ]

    def _make_live(self, week_start: WeekStart) -> None:
        """Features and styles of the coming live era."""
        era, archive = week_start.market.era, self._archive
        characteristics = self._definition.market.characteristics(week_start.market)
        styles = characteristics[: self._definition.market.plan.styles].astype(np.float32)
        features = self._definition.features.features(characteristics, week_start.noise, era=era)
        archive.write("styles", era, styles)
        archive.write("features", era, features)

    def _predict_live(self, era: int) -> None:
        """Keep what the models say of the coming live era."""
        self._field.prepare(era)
        benchmarks, rivals = self._field.ranks((era,), self._archive.read("features", era))
        self._archive.write("benchmarks", era, benchmarks)
        self._archive.write("rivals", era, rivals)

    def _resolve_targets(self, live_era: int) -> None:
        """Targets that are known when `live_era` opens and were not a week before."""
        risk = RiskModel.of(self._definition.market.stocks)
        for days in HORIZONS_DAYS:
            era = resolved_eras(live_era, days)
            codes = risk.resolve(
                self._archive.read("styles", era),
                self._archive.returns_from(era, eras_to_resolve(days)),
                horizon_days=days,
            )
            self._archive.write(f"targets_{days}", era, codes)

    def _put_in_force(self, state: WorldState) -> None:
        self._archive.write_world_state(state)
        self._state = state
