"""Workers of this very machine, for as long as one command runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from numeri_cli.children import child_environment
from numeri_cli.cluster.address import SchedulerAddress
from numeri_cli.cluster.library import distributed

HOST = "127.0.0.1"
_END_SECONDS = 10.0


@contextmanager
def local_workers(count: int) -> Iterator[SchedulerAddress]:
    """A scheduler in this process, and so many workers in processes of their own.

    They see neither keys nor proxies of this one's environment, and listen on this machine alone.
    """
    library = distributed()
    folder = Path(tempfile.mkdtemp(prefix="numeri-cluster-"))
    started: list[subprocess.Popen[bytes]] = []
    with library.LocalCluster(
        n_workers=0,
        host=HOST,
        dashboard_address=f"{HOST}:0",
        silence_logs=50,
        local_directory=str(folder),
    ) as cluster:
        address = SchedulerAddress(str(cluster.scheduler_address))
        try:
            for number in range(1, count + 1):
                one = start_worker(address.text, f"local-{number}", folder, count)
                started.append(one)  # at once: whatever comes, it is ended
            yield address
        finally:
            end_all(started)
            shutil.rmtree(folder, ignore_errors=True)


def start_worker(address: str, name: str, folder: Path, count: int) -> subprocess.Popen[bytes]:
    """A worker with a nanny, which starts it anew where it dies.

    count: of the workers that share the machine's cores
    """
    threads = str(max(1, (os.cpu_count() or 1) // count))
    # a process of its own group: Ctrl-C reaches this one, which ends them in its own way
    return subprocess.Popen(  # noqa: S603 - this very interpreter, and words of our own
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            address,
            *("--name", name, "--nworkers", "1", "--nthreads", "1", "--memory-limit", "0"),
            *("--host", HOST, "--no-dashboard", "--death-timeout", "60"),
            *("--local-directory", str(folder)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,  # nothing that lies in the user's folder is imported
        env=worker_environment(os.environ, threads=threads),
        start_new_session=True,
    )


def worker_environment(environment: Mapping[str, str], *, threads: str) -> dict[str, str]:
    """What a worker gets to see: its way, its home and its threads; no key and no proxy."""
    own = ("NUMERI_HOME", "NUMERI_MEMORY_GB", "PYTHONPATH", "TMPDIR")
    more = {name: environment[name] for name in own if name in environment}
    # Dask's nanny gives a worker one thread, unless the variables themselves say otherwise
    more |= {f"{name}_NUM_THREADS": threads for name in ("OMP", "MKL", "OPENBLAS")}
    # Dask looks at the threads a hundred times a second, for a page that nobody opens here
    more |= {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
    return child_environment(environment, **more)


def end_all(started: list[subprocess.Popen[bytes]]) -> None:
    """End workers with their nannies, gently first."""
    for one in started:
        with suppress(ProcessLookupError):
            os.killpg(one.pid, signal.SIGTERM)
    for one in started:
        with suppress(subprocess.TimeoutExpired):
            one.wait(_END_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(one.pid, signal.SIGKILL)
        one.wait()
