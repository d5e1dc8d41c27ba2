"""Machines that members of a backtest are trained on, and what is noted of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from numeri_cli.learning.estimators.base import TrainingSettings
from numeri_cli.learning.plan import Keep, MachineMember, Machines, PlannedMember, TrainingPlan
from numeri_cli.learning.rows import rows_of_eras
from numeri_cli.learning.training import checked_estimator, held_out_rows, train_members
from numeri_cli.progress import SILENT
from tests.support.clusters import Heard


@dataclass
class Here:
    """Machines that are this one: each window trained as a local backtest trains it."""

    digests: dict[str, str] = field(default_factory=dict)
    way: str = ""

    def train(self, plan: TrainingPlan, members: Sequence[PlannedMember], *, keep: Keep) -> None:
        """Train whole windows, and keep their members."""
        estimator = checked_estimator(plan.name, plan.spec, workspace=plan.workspace)
        for window in sorted({one.window for one in members}):
            held_out = plan.windows[window].held_out_eras
            settings = TrainingSettings(
                spec=plan.spec,
                features=plan.data.features,
                cache=plan.workspace.cache,
                unfinished=plan.workspace.home.cache / f"window-{window}",
                whole=rows_of_eras(plan.data.sources, plan.whole_eras),
                held_out=held_out_rows(plan.spec, plan.data, eras=held_out, listener=SILENT),
            )
            made = train_members(
                plan.name, plan.rows(window), estimator=estimator, settings=settings
            )
            for planned, member in zip(plan.members([window]), made, strict=True):
                self.digests[planned.label] = member.record.digest
                record = member.record
                keep(
                    planned,
                    MachineMember(
                        content=member.content,
                        rows=record.rows,
                        dropped_rows=record.dropped_rows,
                        trees=record.trees,
                        machine="here",
                    ),
                )


@dataclass
class Noting:
    """Machines, and the digest of each member that they give back."""

    machines: Machines
    digests: dict[str, str] = field(default_factory=dict)
    way: str = ""

    def train(self, plan: TrainingPlan, members: Sequence[PlannedMember], *, keep: Keep) -> None:
        """Pass on, and note what comes back."""

        def noted(planned: PlannedMember, made: MachineMember) -> None:
            self.digests[planned.label] = sha256(made.content).hexdigest()
            keep(planned, made)

        self.machines.train(plan, members, keep=noted)


class Killer(Heard):
    """Kills a process as soon as the first member is home, while the others grow."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid = pid

    def step(self, name: str) -> None:
        """Note a step; the first member's is the moment."""
        super().step(name)
        if "MB of" in name and sum("MB of" in step for step in self.steps) == 1:
            os.kill(self.pid, signal.SIGKILL)
