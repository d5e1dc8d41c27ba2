"""The machines of a cluster at work on a plan: each member is a task, kept once it is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from numeri_cli.cluster.connection import ClusterConnection, WorkerFacts
from numeri_cli.cluster.estimate import largest_member
from numeri_cli.cluster.far_model import FarModel, model_content
from numeri_cli.cluster.rows.base import row_engine
from numeri_cli.cluster.rows.spread import SpreadMembers
from numeri_cli.cluster.sent_members import SentMembers
from numeri_cli.cluster.wire import WireFile, content_of
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import MemoryShort
from numeri_cli.learning.artifact import ModelParcel
from numeri_cli.learning.estimators.base import ESTIMATORS, make_estimator
from numeri_cli.learning.estimators.user_modules import module_files
from numeri_cli.learning.memory import GIGABYTE
from numeri_cli.learning.plan import Keep, PlannedMember, TrainingPlan, versions_of
from numeri_cli.model_spec import ClusterSettings, EstimatorSpec


@dataclass(frozen=True)
class Fleet:
    """Machines of learning.plan: whole members as tasks, or each member over all of them.

    secrets: keys of the tournament, none of which may travel
    """

    connection: ClusterConnection
    settings: ClusterSettings
    secrets: tuple[str, ...] = ()
    told: set[str] = field(default_factory=set)

    @property
    def way(self) -> str:
        """Members over rows of many machines are equal to others up to floating point only."""
        return "" if self.settings.distribute == "models" else self.settings.distribute

    def train(self, plan: TrainingPlan, members: Sequence[PlannedMember], *, keep: Keep) -> None:
        """Train these members on the workers; `keep` gets each as soon as it is here.

        Raises ClusterMismatch, ClusterUnsafe, MemoryShort before anything is sent; MemberFailed,
        ClusterLost, and what a training raises on a worker.
        """
        modules = module_files(plan.spec.estimator, folder=plan.workspace.module_folder)
        versions = wanted_versions(plan.spec.estimator, plan.workspace.module_folder, modules)
        content = content_of(
            plan,
            place=self.settings.data or str(plan.workspace.dataset.absolute()),
            modules=modules,
            versions=versions,
            secrets=self.secrets,
        )
        by_rows = self.settings.distribute == "rows"
        engine = row_engine(plan.spec) if by_rows else None
        workers = self.connection.workers(versions)
        if engine is not None:
            spread = SpreadMembers(self.connection, self.settings, plan, content, engine, workers)
            spread.run(members, keep)
            return
        chosen = self._with_room(plan, workers)
        self._tell_of_threads(workers)
        SentMembers(self.connection, content, members, keep, workers=chosen).run()

    def model(self, parcel: ModelParcel, data: DataFile, *, digest: str) -> FarModel:
        """A trained model whose members predict on the workers.

        digest: SHA-256 of the data file
        Raises ClusterMismatch, ClusterUnsafe.
        """
        contract, folder = parcel.contract, parcel.module_folder
        modules = module_files(contract.spec.estimator, folder=folder)
        versions = wanted_versions(contract.spec.estimator, folder, modules)
        size = data.path.stat().st_size
        content = model_content(
            parcel,
            WireFile(name=data.path.name, size_bytes=size, digest=digest),
            place=self.settings.data or str(data.path.parent.absolute()),
            modules=modules,
            versions=versions,
            secrets=self.secrets,
        )
        return FarModel(
            self.connection,
            content,
            contract.model,
            contract.features,
            contract.scale,
            workers=len(self.connection.workers(versions)),
        )

    def _with_room(
        self, plan: TrainingPlan, workers: Sequence[WorkerFacts]
    ) -> tuple[str, ...] | None:
        """The workers on which the largest member can ever be trained; None where on all.

        Raises MemoryShort where on none.
        """
        if plan.force:
            return None
        footprint = largest_member(plan)
        needed = footprint.least_bytes or footprint.memory_bytes
        fit = [one for one in workers if one.has_room(needed)]
        if not fit:
            best = max(workers, key=lambda one: min(one.capacity_bytes, one.limit_bytes or 1e30))
            limit = best.limit_bytes
            bounded = limit is not None and limit < best.capacity_bytes
            raise MemoryShort(
                f"a member of {plan.name} needs about {needed / GIGABYTE:.1f} GB of memory, and no"
                f" worker has so much: {best.machine} has"
                f" {min(best.capacity_bytes, limit or 1e30) / GIGABYTE:.1f} GB",
                hint="start workers with --memory-limit 0: trainings wait for memory by themselves"
                if bounded
                else "take fewer features or a larger era_stride in the profile, or machines with"
                " more memory; --force tries all the same",
            )
        if len(fit) == len(workers):
            return None
        self.connection.listener.say(
            f"{len(workers) - len(fit)} of {len(workers)} workers have too little memory for a"
            f" member of {plan.name}, {needed / GIGABYTE:.1f} GB, and get none"
        )
        return tuple(one.address for one in fit)

    def _tell_of_threads(self, workers: Sequence[WorkerFacts]) -> None:
        many = [one for one in workers if one.threads > 1]
        if many and "threads" not in self.told:
            self.told.add("threads")
            self.connection.listener.say(
                f"{many[0].machine} takes {many[0].threads} tasks at a time and trains one:"
                " start workers with --nthreads 1, as many as are to train at once"
            )


def wanted_versions(
    spec: EstimatorSpec, folder: Path | None, modules: Mapping[str, str]
) -> dict[str, str]:
    """What every worker has to have: numeri, Python, the estimator's libraries.

    folder: where modules are looked for
    modules: of somebody's class that travel along; one that does not has to be installed
    """
    libraries = list(make_estimator(spec, module_folder=folder).libraries)
    if spec.name not in ESTIMATORS and not modules:
        libraries.append(spec.name.partition(":")[0].partition(".")[0])
    return versions_of(libraries)
