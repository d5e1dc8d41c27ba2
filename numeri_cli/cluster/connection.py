"""A connection to a cluster: made safely, its workers looked at before anything is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numeri_cli.cluster import worker
from numeri_cli.cluster.address import (
    LocalWorkers,
    SchedulerAddress,
    insecure_words,
    parse_address,
    security_of,
)
from numeri_cli.cluster.library import distributed
from numeri_cli.cluster.local_workers import local_workers
from numeri_cli.cluster.worker_plan import require_versions
from numeri_cli.errors import ClusterEmpty, ClusterMismatch, ClusterUnreachable, ClusterUnsafe
from numeri_cli.model_spec import ClusterSettings
from numeri_cli.progress import Listener

WAIT_SECONDS = 60.0  # for the first worker
CONNECT_SECONDS = 20.0
LOCAL_WAIT_SECONDS = 180.0  # its workers import everything anew


@dataclass(frozen=True)
class WorkerFacts:
    """A worker as it describes itself.

    capacity_bytes: what trainings of its machine may take together, if none were at work
    limit_bytes: at which Dask ends it; None where it does not
    """

    address: str
    machine: str
    versions: dict[str, str]
    capacity_bytes: float
    limit_bytes: float | None
    threads: int

    def has_room(self, needed_bytes: float) -> bool:
        """Whether a training of this size can ever run there."""
        limit = float("inf") if self.limit_bytes is None else self.limit_bytes
        return needed_bytes <= min(self.capacity_bytes, limit)


@dataclass(frozen=True)
class ClusterConnection:
    """A client of Dask, and where it leads."""

    client: Any
    address: SchedulerAddress
    listener: Listener

    def workers(self, wanted: dict[str, str]) -> tuple[WorkerFacts, ...]:
        """Every worker, once its versions were held against these.

        Raises ClusterEmpty, ClusterMismatch.
        """
        described = self.client.run(worker.describe, list(wanted), on_error="return")
        if not described:
            raise _empty(self.address)
        found = []
        for address, facts in sorted(described.items()):
            if isinstance(facts, BaseException):
                raise ClusterMismatch(
                    f"the worker {address} cannot train: {type(facts).__name__}: {facts}"[:300],
                    hint="install numeri with the extra of the estimator on all machines:"
                    " `pip install 'numeri[cluster]'`",
                ) from facts
            one = WorkerFacts(address=address, **facts)
            require_versions(wanted, one.versions, machine=f"the worker {one.machine} ({address})")
            found.append(one)
        return tuple(found)


@contextmanager
def connected(
    text: str, settings: ClusterSettings, *, folder: Path | None, listener: Listener
) -> Iterator[ClusterConnection]:
    """A connection to the machines that an address means, for as long as the block runs.

    text: as `parse_address` takes it; folder: of the profile, for its certificates
    Raises UsageProblem, LibraryMissing, ClusterUnsafe, ClusterUnreachable, ClusterEmpty.
    """
    meant = parse_address(text)
    if isinstance(meant, LocalWorkers):
        distributed()
        listener.say(f"starting {meant.count} workers on this machine")
        with (
            local_workers(meant.count) as address,
            _client(address, None, listener, workers=meant.count) as connection,
        ):
            yield connection
        return
    security = security_of(meant, settings, folder=folder)
    if words := insecure_words(meant):
        listener.say(words)
    with _client(meant, security, listener, workers=1) as connection:
        yield connection


@contextmanager
def _client(
    address: SchedulerAddress, security: Any, listener: Listener, *, workers: int
) -> Iterator[ClusterConnection]:
    library = distributed()
    try:
        client = library.Client(
            address.text,
            security=security,
            timeout=CONNECT_SECONDS,
            set_as_default=False,
            direct_to_workers=False,
            name="numeri",
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise _unreachable(address, error) from error
    try:
        wait = LOCAL_WAIT_SECONDS if workers > 1 else WAIT_SECONDS
        await_workers(client, address, count=workers, seconds=wait)
        listener.say(f"{address.text}: {len(addresses(client))} workers, {_dashboard(client)}")
        yield ClusterConnection(client, address, listener)
    finally:
        with suppress(Exception):  # the scheduler may be gone
            client.close(timeout=5)


def await_workers(client: Any, address: SchedulerAddress, *, count: int, seconds: float) -> None:
    """Wait for so many workers. Raises ClusterEmpty where they do not come."""
    until = time.monotonic() + seconds
    while len(addresses(client)) < count:
        if time.monotonic() > until:
            raise _empty(address)
        time.sleep(0.1)


def addresses(client: Any) -> Sequence[str]:
    """Those of all workers, asked of the scheduler at this moment.

    Not `scheduler_info`: what that gives is replaced every two seconds by one without workers.
    """
    found: dict[str, int] = client.nthreads()
    return list(found)


def _dashboard(client: Any) -> str:
    if "dashboard" not in client.scheduler_info(n_workers=0)["services"]:
        return "without a dashboard"
    return f"watched at {client.dashboard_link}"


def _empty(address: SchedulerAddress) -> ClusterEmpty:
    return ClusterEmpty(
        f"the scheduler at {address.text} has no workers",
        hint=f"start some: `dask worker {address.text} --nthreads 1 --memory-limit 0`",
    )


def _unreachable(
    address: SchedulerAddress, error: BaseException
) -> ClusterUnreachable | ClusterUnsafe:
    causes: list[BaseException] = [error]
    while (further := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(further)
    words = " ".join(str(one) for one in causes)
    if address.is_encrypted and ("certificate" in words.lower() or "SSL" in words):
        return ClusterUnsafe(
            f"the scheduler at {address.text} has no certificate of the authority in ca.pem, or"
            " does not take ours",
            hint="make the certificates of all machines with one authority of your own",
        )
    hint = "start it with `dask scheduler`, or mend the address"
    if address.is_encrypted:
        hint += "; where it runs, its certificates and ours are of different authorities"
    return ClusterUnreachable(f"no scheduler of Dask answers at {address.text}", hint=hint)
