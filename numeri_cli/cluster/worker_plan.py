"""A plan, opened on a worker: its files, its estimator, and rows in memory from task to task."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from numeri_cli.cluster.estimate import member_footprint
from numeri_cli.cluster.machine import Machine
from numeri_cli.cluster.memory_room import MemoryRoom, ReservedMemory
from numeri_cli.cluster.wire import FORMAT, PlanContent, WirePlan
from numeri_cli.cluster.worker_listener import Relay, WorkerListener
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ClusterMismatch
from numeri_cli.learning.era_weights import row_weights
from numeri_cli.learning.estimators.base import (
    Estimator,
    MemberContent,
    MemberTask,
    Trainer,
    TrainingSettings,
    make_estimator,
)
from numeri_cli.learning.held_out import HeldOut
from numeri_cli.learning.matrix import float_matrix
from numeri_cli.learning.plan import versions_of
from numeri_cli.learning.rows import LabelledRows, Rows, Source, open_sources, rows_of_eras
from numeri_cli.learning.training import labelled_rows


@dataclass
class HeldTrainer:
    """Rows in memory, from which members grow; reservation: the memory that they may take."""

    key: tuple[int, str]
    trainer: Trainer
    reservation: ReservedMemory


@dataclass
class PlanAtWork:
    """A plan as a worker has it; one task at a time uses it.

    held: the trainer of the task before, which the next one may take over
    relay: the listener that the trainer knows; it passes on to the task's own
    """

    digest: str
    plan: WirePlan
    content: PlanContent
    machine: Machine
    held: HeldTrainer | None = None
    relay: Relay = field(default_factory=Relay)
    labelled: dict[tuple[int, str], LabelledRows] = field(default_factory=dict)

    @classmethod
    def open(cls, content: PlanContent, machine: Machine) -> PlanAtWork:
        """Read a plan's text and hold its versions against this worker's.

        Raises ClusterMismatch.
        """
        plan = WirePlan.model_validate_json(content.text)
        if plan.format != FORMAT:
            raise ClusterMismatch(
                f"the plan has the format {plan.format}, and this worker reads {FORMAT}",
                hint="take the same numeri on all machines",
            )
        opened = cls(content.digest, plan, content, machine)
        forget_modules(machine.folder / "modules")
        found = versions_of(plan.versions)
        require_versions(plan.versions, found, machine="the worker")
        return opened

    @cached_property
    def module_folder(self) -> Path | None:
        """Where the modules of somebody's class lie; None where none came along."""
        return self.machine.modules(self.plan.modules)

    @cached_property
    def estimator(self) -> Estimator:
        """The estimator that the plan names. Raises EstimatorInvalid, LibraryMissing."""
        return make_estimator(self.plan.spec.estimator, module_folder=self.module_folder)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The plan's files, which are on this machine now. Raises what `Machine.file` does."""
        files = []
        for wanted in self.plan.files:
            path = self.machine.file(self.plan.place, wanted)
            data = DataFile.open(path)
            data.require(self.plan.features)
            files.append((data, wanted.digest))
        return open_sources(files)

    @cached_property
    def whole(self) -> Rows | None:
        """What all windows are cut from; None where each has rows of its own."""
        eras = self.plan.whole_eras
        return rows_of_eras(self.sources, eras) if eras else None

    def train(
        self,
        *,
        window: int,
        target: str,
        seed: int,
        label: str,
        room: MemoryRoom,
        listener: WorkerListener,
    ) -> tuple[LabelledRows, MemberContent, float]:
        """One member, the rows it was trained on, and the bytes of memory it was to take at most.

        Raises what a training raises; TaskCancelled where nobody wants it any more.
        """
        self.relay.current = listener
        settings = self._settings(window)
        chosen = self._labelled(window, target, settings)
        trainer, reserved = self._trainer(window, chosen, settings, room, listener)
        weights = row_weights(chosen.rows, self.plan.spec.era_weights, settings.era_weights)
        task = MemberTask(label=label, target=target, seed=seed, rows=chosen, weights=weights)
        try:
            return chosen, trainer.train(task), reserved
        except BaseException:
            self.release()
            raise

    def part(self, *, window: int, target: str, place: int, parts: int) -> dict[str, Any]:
        """One of so many parts of a member's rows: whole eras, every so many of them.

        Raises what reading the data raises.
        """
        plan = self.plan
        chosen = self._labelled(window, target, self._settings(window))
        codes, rows = chosen.rows.codes, chosen.rows
        weights = row_weights(rows, plan.spec.era_weights, plan.file_weights())
        # one era after the other in turn: each part is of all times, and as large as the others
        has_rows = np.bincount(codes, minlength=len(rows.eras)) > 0
        here = ((np.cumsum(has_rows) - 1) % parts)[codes] == place
        arrays: list[Any] = [np.zeros((0, len(plan.features)), np.float32), chosen.labels[here]]
        if here.any():
            some = Rows(rows.sources, _masks(rows, here))
            matrix = float_matrix(some, plan.features, missing_twos=plan.spec.missing_twos)
            arrays[0] = np.ascontiguousarray(matrix)
        if weights is not None:
            arrays.append(weights[here])
        return {
            "rows": int(np.count_nonzero(here)),
            "dropped_rows": chosen.dropped,
            "has_weights": weights is not None,
            "arrays": arrays,
        }

    def release(self) -> None:
        """Let go of the rows in memory."""
        held, self.held = self.held, None
        if held is not None:
            del held.trainer
            held.reservation.release()

    def _settings(self, window: int) -> TrainingSettings:
        plan, eras = self.plan, self.plan.window(window).held_out_eras
        residual = self.content.residual_of(plan)
        held_out = None
        if eras:
            rows = rows_of_eras(self.sources, eras)
            held_out = HeldOut(rows, plan.features, plan.spec.missing_twos, self.relay, residual)
        return TrainingSettings(
            spec=plan.spec,
            features=plan.features,
            cache=self.machine.home.binned(plan.tournament),
            unfinished=self.machine.unfinished(self.digest),
            held_out=held_out,
            whole=self.whole,
            era_weights=plan.file_weights(),
            residual=residual,
            force=plan.force,
            listener=self.relay,
        )

    def _labelled(self, window: int, target: str, settings: TrainingSettings) -> LabelledRows:
        key = (window, target)
        if key not in self.labelled:
            self.labelled.clear()  # those of one target at a time
            rows = rows_of_eras(self.sources, self.plan.window(window).eras)
            self.labelled[key] = labelled_rows(rows, target, settings)
        return self.labelled[key]

    def _trainer(
        self,
        window: int,
        chosen: LabelledRows,
        settings: TrainingSettings,
        room: MemoryRoom,
        listener: WorkerListener,
    ) -> tuple[Trainer, float]:
        """The trainer of the task before, where it has these rows, else a new one."""
        key = (window, chosen.rows.digest())
        if self.held is not None and self.held.key == key:
            return self.held.trainer, self.held.reservation.needed_bytes
        self.release()
        needed = member_footprint(
            self.plan.spec,
            self.plan.features,
            chosen.rows,
            whole=self.whole,
            held_out_rows=0 if settings.held_out is None else settings.held_out.rows.count,
            module_folder=self.module_folder,
        )
        reservation = room.reserve(
            needed.memory_bytes,
            least_bytes=needed.least_bytes,
            force=self.plan.force,
            wait=listener.go_on,
            say=listener.say,
        )
        try:
            trainer = self.estimator.trainer(chosen.rows, settings)
        except BaseException:
            reservation.release()
            raise
        self.held = HeldTrainer(key, trainer, reservation)
        return trainer, reservation.needed_bytes


def _masks(rows: Rows, chosen: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.bool_], ...]:
    """The masks of those of the rows that are chosen; chosen: (rows.count,)."""
    masks, start = [], 0
    for mask in rows.masks:
        own = mask.copy()
        count = int(np.count_nonzero(mask))
        own[mask] = chosen[start : start + count]
        start += count
        masks.append(own)
    return tuple(masks)


def forget_modules(folder: Path) -> None:
    """A module that an earlier plan has brought is not that of this plan, whatever its name."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and Path(file).is_relative_to(folder):
            del sys.modules[name]


def require_versions(wanted: dict[str, str], found: dict[str, str], *, machine: str) -> None:
    """Raise ClusterMismatch, with the names, where versions differ."""
    differing = [
        f"{name} {found.get(name, 'missing')} instead of {version}"
        for name, version in wanted.items()
        if found.get(name) != version
    ]
    if differing:
        raise ClusterMismatch(
            f"{machine} has {', '.join(differing)}",
            hint="install the same versions on all machines: other versions make other models",
        )
