"""Members sent to workers as tasks, awaited, checked by digest; cancelled where nobody waits."""

from __future__ import annotations

import json
import queue
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from numeri_cli.cluster import worker
from numeri_cli.cluster.connection import ClusterConnection
from numeri_cli.cluster.far_bars import FarBars
from numeri_cli.cluster.presence import LOOK_SECONDS, RESULT_SECONDS, Presence
from numeri_cli.cluster.told_error import told_error
from numeri_cli.cluster.wire import PlanContent
from numeri_cli.errors import ExitCode, MemberFailed, NumeriError
from numeri_cli.learning.plan import Keep, MachineMember, PlannedMember
from numeri_cli.progress import Task

ATTEMPTS = 3  # at a member that failed for a reason that another try, or worker, may mend
CANCEL_SECONDS = 30.0  # for workers to come to a point where a task can be ended
KEPT = ": members that are finished are kept"


@dataclass
class SentMembers:
    """The members of a plan on their way.

    workers: the addresses that may get them; None for all, and for those that come later
    """

    connection: ClusterConnection
    content: PlanContent
    members: Sequence[PlannedMember]
    keep: Keep
    workers: tuple[str, ...] | None = None
    mailbox: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)
    waiting: dict[str, tuple[PlannedMember, int, Any]] = field(default_factory=dict)
    topic: str = field(default_factory=lambda: f"numeri-{secrets.token_hex(6)}")
    plan: Any = None

    def __post_init__(self) -> None:
        self.presence = Presence(self.connection, self.workers, kept=KEPT)

    def run(self) -> None:
        """Send all members and wait for them; whatever ends it leaves no task running.

        Raises MemberFailed, ClusterLost, ClusterEmpty, and what a training raises on a worker.
        """
        client, listener = self.connection.client, self.connection.listener
        client.subscribe_topic(self.topic, lambda event: self.mailbox.put(dict(event[1])))
        bars, is_whole = FarBars(listener), False
        try:
            with listener.task("members", total=len(self.members), unit="members") as overall:
                self.plan = self.presence.shared(self.content, key=self.topic)
                for member in self.members:
                    self._send(member, attempt=1)
                while self.waiting:
                    self._step(overall, bars)
            is_whole = True
        finally:
            bars.close()
            self._close(is_whole=is_whole)

    def _placed(self) -> dict[str, Any]:
        own: dict[str, Any] = {"pure": False}
        if self.workers is not None:
            own |= {"workers": list(self.workers), "allow_other_workers": False}
        return own

    def _send(self, member: PlannedMember, *, attempt: int) -> None:
        key = f"{self.topic}-{member.window}-{member.target}-{member.seed}-{attempt}"
        future = self.connection.client.submit(
            worker.train_member,
            self.plan,
            member.window,
            member.target,
            member.seed,
            member.label,
            self.topic,
            key=key,
            **self._placed(),
        )
        self.waiting[key] = (member, attempt, future)
        future.add_done_callback(lambda done: self.mailbox.put({"key": done.key, "done": True}))

    def _step(self, overall: Task, bars: FarBars) -> None:
        """One message, or a look at whether anybody is still there."""
        try:
            message = self.mailbox.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            self.presence.require()
            return
        key = str(message.get("key"))
        if key not in self.waiting:
            return
        if "said" in message:
            self.connection.listener.say(str(message["said"]))
        elif "label" in message:
            bars.show(key, message)
        else:
            bars.end(key)
            member, attempt, future = self.waiting.pop(key)
            if self._take(member, attempt, future):
                overall.advance(1)

    def _take(self, member: PlannedMember, attempt: int, future: Any) -> bool:
        """Keep what a task has given; False where the member is sent once more."""
        if future.status == "cancelled":
            raise self.presence.lost()
        try:
            report_text, content = future.result(timeout=RESULT_SECONDS)
        except Exception as error:
            if self.connection.client.status != "running":
                raise self.presence.lost() from error
            return self._again(member, attempt, _failed(member, error), error)
        report = json.loads(report_text)
        machine = str(report["machine"])
        if "error" in report:
            found = told_error(report["error"], where=f"{member.label} on {machine}")
            if found.exit_code is ExitCode.trouble:
                return self._again(member, attempt, found, None)
            raise found
        if sha256(content).hexdigest() != report["digest"]:
            damaged = MemberFailed(
                f"what {machine} sent of {member.label} is not what it trained",
                hint="look at its memory and network, then run the same command again",
            )
            return self._again(member, attempt, damaged, None)
        self.keep(
            member,
            MachineMember(
                content=content,
                rows=int(report["rows"]),
                dropped_rows=int(report["dropped_rows"]),
                trees=int(report["trees"]),
                machine=machine,
            ),
        )
        self._tell(member, report)
        return True

    def _tell(self, member: PlannedMember, report: dict[str, Any]) -> None:
        listener = self.connection.listener
        listener.step(
            f"{member.label}: {report['seconds']:.1f} s on {report['machine']},"
            f" {report['peak_bytes'] / 1e6:.0f} MB of {report['estimated_bytes'] / 1e6:.0f} MB"
        )
        for name in report["steps"]:
            listener.step(name)

    def _again(
        self, member: PlannedMember, attempt: int, error: NumeriError, cause: Exception | None
    ) -> bool:
        """Send a member once more, on whichever worker; raise `error` where that was often enough.

        A worker's death was tried again by Dask itself.
        """
        if attempt >= ATTEMPTS or isinstance(cause, _killed()):
            raise error from cause
        self.connection.listener.say(f"{error.message}: trying once more")
        self._send(member, attempt=attempt + 1)
        return False

    def _close(self, *, is_whole: bool) -> None:
        """Leave nothing behind: no task, no note of one."""
        client = self.connection.client
        if client.status != "running":
            return
        with suppress(Exception):  # the scheduler may go away meanwhile
            client.unsubscribe_topic(self.topic)
            if is_whole:
                client.run(worker.forget, self.content.digest, on_error="ignore")
                return
            client.cancel([future for _, _, future in self.waiting.values()], force=True)
            until = time.monotonic() + CANCEL_SECONDS
            while time.monotonic() < until and self._are_running():
                time.sleep(0.2)

    def _are_running(self) -> bool:
        found = self.connection.client.run(worker.running, on_error="ignore")
        return any(key.startswith(self.topic) for keys in found.values() for key in keys)


def _killed() -> Any:
    """What Dask raises for a task whose workers died, one after the other."""
    from distributed import KilledWorker

    return KilledWorker


def _failed(member: PlannedMember, error: Exception) -> MemberFailed:
    words = (str(error).splitlines() or [type(error).__name__])[0][:300]
    if isinstance(error, _killed()):
        words = f"{error.allowed_failures + 1} workers died while they trained it"
    return MemberFailed(
        f"{member.label} could not be trained: {words}",
        hint="look at the workers' own words where they were started: memory that runs out ends"
        " them; members that are finished are kept",
    )
