"""Members trained one after the other, each over all workers: rows are parted by era."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from numeri_cli.cluster import worker
from numeri_cli.cluster.address import is_loopback
from numeri_cli.cluster.connection import ClusterConnection, WorkerFacts, addresses
from numeri_cli.cluster.estimate import WORKER_BYTES
from numeri_cli.cluster.presence import Presence
from numeri_cli.cluster.rows.base import RowEngine, SpreadRows
from numeri_cli.cluster.told_error import told_error
from numeri_cli.cluster.wire import PlanContent
from numeri_cli.errors import ClusterUnsafe, MemberFailed, MemoryShort, NumeriError
from numeri_cli.learning.estimators.base import MemberContent
from numeri_cli.learning.memory import GIGABYTE
from numeri_cli.learning.plan import Keep, MachineMember, PlannedMember, TrainingPlan
from numeri_cli.model_spec import ClusterSettings

# A worker's part as floats, as the library copies it, and in its bins
PART_CELL_BYTES = 10.0
PROCESS_BYTES = 300_000_000
END_SECONDS = 5.0  # for workers to come to the end of a growing that was broken off
_LOOK_SECONDS = 0.2
_KEPT = ": members that are finished are kept"


@dataclass
class SpreadMembers:
    """The members of a plan, each of them over all workers at once.

    growing: the addresses of those at work in native code at this moment
    """

    connection: ClusterConnection
    settings: ClusterSettings
    plan: TrainingPlan
    content: PlanContent
    engine: RowEngine
    workers: Sequence[WorkerFacts]
    growing: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        addresses = tuple(one.address for one in self.workers)
        self.presence = Presence(self.connection, addresses, needs_all=True, kept=_KEPT)

    def run(self, members: Sequence[PlannedMember], keep: Keep) -> None:
        """Train these members one after the other; `keep` gets each as soon as it is here.

        Raises ClusterUnsafe, MemoryShort, MemberFailed, ClusterLost, and what reading the data
        raises.
        """
        self._require_safe()
        self._require_memory()
        listener = self.connection.listener
        is_whole = False
        try:
            with listener.task("members", total=len(members), unit="members") as overall:
                for member in members:
                    self._train(member, keep)
                    overall.advance(1)
            is_whole = True
        finally:
            self._close(is_whole=is_whole)

    def _train(self, member: PlannedMember, keep: Keep) -> None:
        client, listener = self.connection.client, self.connection.listener

        def failure(error: Exception) -> MemberFailed:
            words = str(error).splitlines() or [type(error).__name__]
            return MemberFailed(
                f"{member.label} could not be trained over {len(self.workers)} machines:"
                f" {words[0][:300]}",
                hint="where rows are spread, each worker has to last to the end; run the same"
                " command again",
            )

        with listener.task(member.label, total=None, unit="trees"):
            parts = self._parts(member)
            asked = [client.submit(worker.part_facts, part) for part in parts]
            facts = [self.presence.result(one, failure=failure) for one in asked]
            for fact in facts:
                if "error" in fact:
                    raise told_error(fact["error"], where=member.label)
            sizes = [int(fact["rows"]) for fact in facts]
            kept = [(part, size) for part, size in zip(parts, sizes, strict=True) if size]
            self.growing[:] = [
                one.address for one, size in zip(self.workers, sizes, strict=True) if size
            ]
            has_weights = bool(facts[0]["has_weights"])
            try:
                made = self.presence.through(lambda: self._grown(member, kept, has_weights))
            except NumeriError:
                raise
            except Exception as error:
                if client.status != "running":
                    raise self.presence.lost() from error
                raise failure(error) from error
            self.growing.clear()
        keep(
            member,
            MachineMember(
                content=made.content,
                rows=sum(sizes),
                dropped_rows=int(facts[0]["dropped_rows"]),
                trees=made.trees,
                machine=", ".join(sorted({one.machine for one in self.workers})),
            ),
        )

    def _grown(
        self, member: PlannedMember, parts: Sequence[tuple[Any, int]], has_weights: bool
    ) -> MemberContent:
        with self.connection.client.as_current():
            return self.engine.grow(
                self.connection.client,
                self._spread(parts, has_weights=has_weights),
                self.plan.spec.estimator.params,
                seed=member.seed,
            )

    def _parts(self, member: PlannedMember) -> list[Any]:
        """A task on each worker, which reads its part of the rows."""
        client = self.connection.client
        plan = client.submit(worker.same, self.content, pure=False)
        return [
            client.submit(
                worker.rows_part,
                plan,
                member.window,
                member.target,
                place,
                len(self.workers),
                pure=False,
                workers=[one.address],
                allow_other_workers=False,
            )
            for place, one in enumerate(self.workers)
        ]

    def _spread(self, parts: Sequence[tuple[Any, int]], *, has_weights: bool) -> SpreadRows:
        import dask.array

        library: Any = dask
        array, delayed = library.array, library.delayed
        features = self.plan.data.features

        def column(place: int, width: int | None) -> Any:
            arrays = [
                array.from_delayed(
                    delayed(worker.part_array)(delayed(part), place),
                    shape=(size,) if width is None else (size, width),
                    dtype=np.float32,
                )
                for part, size in parts
            ]
            return self.connection.client.persist(array.concatenate(arrays))

        return SpreadRows(
            rows=column(0, len(features)),
            labels=column(1, None),
            weights=column(2, None) if has_weights else None,
            features=features,
        )

    def _require_safe(self) -> None:
        """The libraries' own connections between workers know no TLS."""
        if self.settings.insecure:
            return
        far = [one for one in self.workers if not is_loopback(_host(one.address))]
        if far:
            raise ClusterUnsafe(
                f"rows are spread over connections between workers that know no TLS, such as to"
                f" {far[0].machine}",
                hint='take distribute = "models", or say `insecure = true` in [cluster] for a'
                " network of your own",
            )

    def _require_memory(self) -> None:
        """Raise MemoryShort where a worker's part of the largest window does not fit."""
        rows = max(self.plan.rows(number).count for number in range(len(self.plan.windows)))
        cells = rows * len(self.plan.data.features) / len(self.workers)
        needed = PROCESS_BYTES + WORKER_BYTES + cells * PART_CELL_BYTES
        short = [one for one in self.workers if not one.has_room(needed)]
        if short and not self.plan.force:
            raise MemoryShort(
                f"a part of the rows needs about {needed / GIGABYTE:.1f} GB of memory on each of"
                f" {len(self.workers)} workers, and {short[0].machine} has less",
                hint="take more workers, fewer features or a larger era_stride; --force tries all"
                " the same",
            )

    def _close(self, *, is_whole: bool) -> None:
        """Let go of the rows; a worker whose native code waits for another one is ended."""
        client = self.connection.client
        if client.status != "running":
            return
        with suppress(Exception):  # the scheduler may go away meanwhile
            self._end_stuck()
            done_with = worker.forget if is_whole else worker.close_plan
            client.run(done_with, self.content.digest, on_error="ignore")

    def _end_stuck(self) -> None:
        client, until = self.connection.client, time.monotonic() + END_SECONDS
        while stuck := self._stuck():
            if time.monotonic() > until:
                client.run(worker.leave, workers=stuck, on_error="ignore", wait=False)
                return
            time.sleep(_LOOK_SECONDS)

    def _stuck(self) -> list[str]:
        """The addresses of those that still grow what was broken off."""
        client = self.connection.client
        here = addresses(client)
        asked = [address for address in self.growing if address in here]
        if not asked:
            return []
        told = client.run(worker.is_at_work_for_others, workers=asked, on_error="ignore")
        return [address for address, is_at_work in told.items() if is_at_work]


def _host(address: str) -> str:
    return address.partition("://")[2].rpartition(":")[0].strip("[]")
