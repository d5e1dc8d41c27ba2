"""A scheduler and workers of Dask in processes of their own, as a person starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numeri_cli.children import child_environment
from numeri_cli.cluster.connection import await_workers, connected
from numeri_cli.cluster.fleet import Fleet
from numeri_cli.cluster.library import distributed
from numeri_cli.model_spec import ClusterSettings
from numeri_cli.progress import SILENT, Listener, Silent, SilentTask, Task
from tests.support.processes import ROOT

START_SECONDS = 180.0
_VARIABLES = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")},
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",  # as with `local:N`
}


@dataclass
class DaskProcesses:
    """A scheduler's address, and every process that was started for it.

    folder: where they keep what they write
    """

    address: str
    folder: Path
    scheduler: subprocess.Popen[bytes]
    security: Sequence[str] = ()
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(
        self, name: str, *, home: Path, words: Sequence[str] = (), **variables: str
    ) -> subprocess.Popen[bytes]:
        """A worker with a home of its own, as on a machine of its own; without a nanny.

        words: more of its command line; variables: more of its environment
        """
        started = _start(
            "distributed.cli.dask_worker",
            self.address,
            *("--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard"),
            *("--host", "127.0.0.1", "--local-directory", str(self.folder)),
            *("--memory-limit", "0", "--death-timeout", "120"),
            *self.security,
            *words,
            log=self.folder / f"{name}.log",
            variables={"NUMERI_HOME": str(home), **variables},
        )
        self.workers.append(started)
        return started

    def end(self) -> None:
        """End whatever is still running."""
        for one in (*self.workers, self.scheduler):
            with suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.wait()


@contextmanager
def dask_scheduler(folder: Path, *, security: Sequence[str] = ()) -> Iterator[DaskProcesses]:
    """A scheduler on this machine, for as long as the block runs; workers are started into it.

    security: words of its command line, and of its workers', for TLS
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "scheduler.json"
    scheme = "tls" if security else "tcp"
    process = _start(
        "distributed.cli.dask_scheduler",
        *("--host", f"{scheme}://127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter"),
        *("--scheduler-file", str(file)),
        *security,
        log=folder / "scheduler.log",
        variables={},
    )
    made = DaskProcesses("", folder, process, security)
    try:
        made.address = _address(file, process)
        yield made
    finally:
        made.end()


def _start(
    module: str, *words: str, log: Path, variables: dict[str, str]
) -> subprocess.Popen[bytes]:
    more = {**_VARIABLES, "PYTHONPATH": str(ROOT), **variables}
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=log.parent,
            env=child_environment(os.environ, **more),
            start_new_session=True,
        )


def _address(file: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "the scheduler ended at once: see scheduler.log"
        with suppress(OSError, ValueError, KeyError):
            return str(json.loads(file.read_text())["address"])
        time.sleep(0.05)
    raise AssertionError("the scheduler does not say its address")


@contextmanager
def cluster_here(folder: Path, *, workers: int = 2, security: Any = None) -> Iterator[str]:
    """A scheduler and workers in this process, which is cheap, but has one memory and one fate."""
    library = distributed()
    with library.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://" if security is None else "tls://",
        security=security,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=0,
        silence_logs=50,
        local_directory=str(folder),
    ) as cluster:
        yield str(cluster.scheduler_address)


class Heard(Silent):
    """What was said, which steps were passed, which bars were open; may be told to stop there."""

    def __init__(self, stop_at: str = "", *, stop_at_bar: str = "") -> None:
        self.said: list[str] = []
        self.steps: list[str] = []
        self.bars: list[str] = []
        self.stop_at, self.stop_at_bar = stop_at, stop_at_bar

    def say(self, text: str) -> None:
        """Note a sentence."""
        self.said.append(text)

    def step(self, name: str) -> None:
        """Note a step; Ctrl-C where it begins with what was to be the last."""
        self.steps.append(name)
        if self.stop_at and name.startswith(self.stop_at):
            raise KeyboardInterrupt

    @contextmanager
    def task(self, label: str, *, total: float | None, unit: str) -> Iterator[Task]:
        """Note a bar; Ctrl-C where it is the one that was to be the last."""
        self.bars.append(label)
        if self.stop_at_bar and label.startswith(self.stop_at_bar):
            raise KeyboardInterrupt
        yield SilentTask()


@contextmanager
def fleet_at(
    address: str,
    listener: Listener = SILENT,
    *,
    settings: ClusterSettings | None = None,
    secrets: tuple[str, ...] = (),
    workers: int = 1,
) -> Iterator[Fleet]:
    """The machines at an address, as a command has them; as many workers are there, at least."""
    own = settings or ClusterSettings()
    with connected(address, own, folder=None, listener=listener) as connection:
        await_workers(connection.client, connection.address, count=workers, seconds=START_SECONDS)
        yield Fleet(connection, own, secrets)
