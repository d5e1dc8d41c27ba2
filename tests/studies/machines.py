"""A cluster as it is used: two machines, too little memory, deaths, deafness, trials at once.

    python -m tests.studies.machines CASE… --json tests/studies/machines.json

Each case starts real processes on this machine and writes down what it saw. `two_machines` needs
root and `ip`: each machine is a network namespace with an address and a NUMERI_HOME of its own, and
the object store is a real one, behind a port that counts what each address reads.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from numeri_cli.children import child_environment
from numeri_cli.cluster import worker
from numeri_cli.cluster.connection import await_workers, connected
from numeri_cli.cluster.fleet import Fleet
from numeri_cli.cluster.local_workers import end_all, start_worker
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring
from numeri_cli.commands.tune.preparation import SearchSettings
from numeri_cli.commands.tune.tune import tune
from numeri_cli.errors import NumeriError
from numeri_cli.home import Home
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import ClusterSettings
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.tournament import Tournament
from tests.support.clusters import Heard, dask_scheduler
from tests.support.data_versions import changed, model_spec, workspace_of, write_sample
from tests.support.object_store import BUCKET, REGION, object_store
from tests.support.processes import ROOT

BRIDGE, HERE = "numeri-study", "10.77.0.1"
MACHINES = {"north": "10.77.0.2", "south": "10.77.0.3"}
TARGETS = ("target_ender_20", "target_ender_60")
MODEL = model_spec(
    features="all",
    targets=TARGETS,
    seeds=(1, 2, 3, 4),
    params={"n_estimators": 40, "n_jobs": 1, "colsample_bytree": 0.5},
)
DEADLY = "import os\nclass Own:\n    def fit(self, X, y): os._exit(9)\n"
DEAF = "import time\nclass Own:\n    def fit(self, X, y):\n        while True: time.sleep(0.1)\n"
PREDICTS = "    def predict(self, X): return X[:, 0]\n"
WORKERS_SECONDS = 240.0


@dataclass
class ReadCounter:
    """A port before the store, which counts the bytes and the files that each address reads."""

    backend: tuple[str, int]
    read_bytes: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.server = socket.create_server((HERE, 0))
        self.netloc = f"{HERE}:{self.server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            caller, (address, _) = self.server.accept()
            store = socket.create_connection(self.backend)
            for source, target, asks in ((caller, store, True), (store, caller, False)):
                pair = (source, target, address, asks)
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, who: str, asks: bool) -> None:
        with suppress(OSError):
            while block := source.recv(65_536):
                if asks:
                    self.files[who] += block.startswith(b"GET ") and b"train.parquet" in block
                else:
                    self.read_bytes[who] += len(block)
                target.sendall(block)
            target.shutdown(socket.SHUT_WR)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def namespaces() -> Iterator[None]:
    """A bridge at this end, and for each machine a namespace with an address of its own."""
    with ExitStack() as stack:
        ip("link", "add", BRIDGE, "type", "bridge")
        stack.callback(ip, "link", "del", BRIDGE)
        ip("addr", "add", f"{HERE}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for name, address in MACHINES.items():
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
            ip("link", "add", f"at-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"at-{name}", "master", BRIDGE, "up")
            for words in (
                ("addr", "add", f"{address}/24", "dev", "eth0"),
                ("link", "set", "eth0", "up"),
            ):
                ip("-n", name, *words)
            ip("-n", name, "link", "set", "lo", "up")
        yield


def started(words: list[str], log: Path, **variables: str) -> subprocess.Popen[bytes]:
    more = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **variables}
    with log.open("wb") as file:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=child_environment(os.environ, **more),
            start_new_session=True,
        )


def two_machines(root: Path) -> dict[str, Any]:
    """Two workers on one machine, one on the other; data from the store."""
    sample = write_sample(root / "v5.3", unresolved=(38, 39, 40))
    workspace = workspace_of(sample)
    content = (sample.folder / "train.parquet").read_bytes()
    near = train("near", MODEL, workspace)
    (root / "weed").mkdir()
    with namespaces(), object_store(root / "weed") as signer, ExitStack() as stack:
        httpx.put(signer.url("PUT", "v5.3/train.parquet"), content=content).raise_for_status()
        where = urlsplit(signer.endpoint)
        counter = ReadCounter((str(where.hostname), int(where.port or 0)))
        python, file = sys.executable, root / "scheduler.json"
        processes: list[subprocess.Popen[bytes]] = []
        stack.callback(end_all, processes)
        words = ["-m", "distributed.cli.dask_scheduler", "--host", f"tcp://{HERE}", "--port", "0"]
        words += ["--no-dashboard", "--no-jupyter", "--scheduler-file", str(file)]
        processes.append(started([python, *words], root / "scheduler.log"))
        address = _said(file)
        for machine, name in (("north", "north-1"), ("north", "north-2"), ("south", "south-1")):
            words = ["ip", "netns", "exec", machine, python, "-m", "distributed.cli.dask_worker"]
            words += [address, "--host", MACHINES[machine], "--name", name, "--nthreads", "1"]
            words += ["--no-nanny", "--no-dashboard", "--memory-limit", "0"]
            words += ["--local-directory", str(root)]
            keys = {
                "AWS_ACCESS_KEY_ID": signer.access_key,
                "AWS_SECRET_ACCESS_KEY": signer.secret_key,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
                "NUMERI_HOME": str(root / machine),
            }
            processes.append(started(words, root / f"{name}.log", **keys))
        place = f"s3://{BUCKET}/v5.3?scheme=http&endpoint_override={counter.netloc}"
        heard = Heard()
        settings = ClusterSettings(data=place, insecure=True)
        with connected(address, settings, folder=None, listener=heard) as connection:
            await_workers(connection.client, connection.address, count=3, seconds=WORKERS_SECONDS)
            reached = sorted({one.rpartition(":")[0] for one in connection.client.nthreads()})
            fleet = Fleet(connection, settings)
            far = train("far", MODEL, workspace, machines=fleet, listener=heard)
    builds = {name: len(list((root / name / "cache").rglob("*.bin"))) for name in MACHINES}
    return {
        "addresses_of_workers": reached,
        "members_by_worker": dict(Counter(str(one.machine) for one in far.contract.members)),
        "file_bytes": len(content),
        "times_read_by_address": dict(counter.files),
        "bytes_read_by_address": dict(counter.read_bytes),
        "cache_builds_counted": heard.steps.count("binned_built"),
        "cache_files_by_machine": builds,
        "same_as_local": [one.digest for one in far.contract.members]
        == [one.digest for one in near.contract.members],
    }


def _said(file: Path) -> str:
    until = time.monotonic() + WORKERS_SECONDS
    while time.monotonic() < until:
        with suppress(OSError, ValueError, KeyError):
            return str(json.loads(file.read_text())["address"])
        time.sleep(0.1)
    raise SystemExit("the scheduler does not come")


@contextmanager
def own_workers(root: Path, count: int, heard: Heard, **variables: str) -> Iterator[Fleet]:
    """Workers with their nannies, as `local:N` starts them."""
    os.environ.pop("NUMERI_MEMORY_GB", None)
    os.environ.update({"NUMERI_HOME": str(root / "machine"), **variables})
    workers: list[subprocess.Popen[bytes]] = []
    with dask_scheduler(root / "scheduler") as dask:
        try:
            workers.extend(
                start_worker(dask.address, f"worker-{number}", root, count)
                for number in range(count)
            )
            own = ClusterSettings()
            with connected(dask.address, own, folder=None, listener=heard) as connection:
                await_workers(
                    connection.client, connection.address, count=count, seconds=WORKERS_SECONDS
                )
                yield Fleet(connection, own)
        finally:
            end_all(workers)


def memory_for_two(root: Path) -> dict[str, Any]:
    """Five members of LightGBM on four workers of a machine that has memory for two."""
    workspace = workspace_of(write_sample(root / "v5.3", stocks=400, features=60))
    spec = changed(MODEL, targets=TARGETS[:1], seeds=(1, 2, 3, 4, 5))
    spec = changed(spec, params={"n_estimators": 400, "n_jobs": 1, "colsample_bytree": 0.5})
    heard, counts, over = Heard(), Counter[int](), threading.Event()
    memory = root / "machine" / "cache" / "cluster" / "memory"

    def count() -> None:
        while not over.is_set():
            counts[len(list(memory.glob("*.json")))] += 1
            time.sleep(0.005)

    with own_workers(root, 4, heard, NUMERI_MEMORY_GB="0.9") as fleet:
        looker = threading.Thread(target=count)
        looker.start()
        made = train("far", spec, workspace, machines=fleet, listener=heard)
        over.set()
        looker.join()
    return {
        "memory_gb": 0.9,
        "estimated_mb_of_a_member": sorted(
            {step.split(" MB")[-2].split()[-1] for step in heard.steps if "MB of" in step}
        ),
        "members": len(made.contract.members),
        "members_by_worker": dict(Counter(str(one.machine) for one in made.contract.members)),
        "looks_by_reservations_at_once": {str(key): counts[key] for key in sorted(counts)},
        "most_at_once": max(counts),
        "waited": any("waiting for other trainings" in text for text in heard.said),
    }


def four_deaths(root: Path) -> dict[str, Any]:
    """A member that ends each worker that trains it."""
    workspace, spec = _own_class(root, DEADLY)
    heard = Heard()
    with own_workers(root, 2, heard) as fleet:
        began = time.monotonic()
        try:
            train("far", spec, workspace, machines=fleet, listener=heard)
        except NumeriError as error:
            told = {"code": error.code, "exit_code": int(error.exit_code), "said": error.message}
        told |= {"seconds": round(time.monotonic() - began, 1)}
        client = fleet.connection.client
        await_workers(client, fleet.connection.address, count=2, seconds=WORKERS_SECONDS)
        return {**told, "workers_afterwards": len(client.nthreads())}


def deaf(root: Path) -> dict[str, Any]:
    """Ctrl-C while a class trains that never comes to a point where it could be ended."""
    workspace, spec = _own_class(root, DEAF)
    heard = Heard(stop_at_bar="far ")
    with own_workers(root, 2, heard) as fleet:
        client = fleet.connection.client
        before = sorted(client.run(os.getpid).values())
        began = time.monotonic()
        try:
            train("far", spec, workspace, machines=fleet, listener=heard)
        except KeyboardInterrupt:
            seconds = time.monotonic() - began
        await_workers(client, fleet.connection.address, count=2, seconds=WORKERS_SECONDS)
        after = sorted(client.run(os.getpid).values())
        return {
            "seconds_until_ctrl_c_returns": round(seconds, 1),
            "processes_that_stayed": len(set(before) & set(after)),
            "processes_started_anew": len(set(after) - set(before)),
            "tasks_running": sum(map(len, client.run(worker.running).values())),
        }


def _own_class(root: Path, source: str) -> tuple[Workspace, Any]:
    workspace = workspace_of(write_sample(root / "v5.3"))
    (root / "own.py").write_text(source + PREDICTS)
    spec = changed(MODEL, name="own:Own", params={}, targets=TARGETS[:1], seeds=(1,))
    return replace(workspace, profile=root / "numeri.toml"), spec


def death_over_rows(root: Path) -> dict[str, Any]:
    """One of three workers is killed while one member grows over all of them."""
    workspace = workspace_of(write_sample(root / "v5.3", stocks=400, features=60))
    params: dict[str, object] = {"n_estimators": 20_000, "n_jobs": 1, "colsample_bytree": 0.5}
    spec = changed(MODEL, targets=TARGETS[:1], seeds=(1,), params=params)
    heard, found = Heard(), {}
    with own_workers(root, 3, heard) as fleet:
        client = fleet.connection.client
        pids = client.run(os.getpid)
        rows = Fleet(fleet.connection, ClusterSettings(distribute="rows"))

        def kill() -> None:
            while not all(client.run(worker.is_at_work_for_others).values()):
                time.sleep(0.2)
            found["killed_at"] = time.monotonic()
            os.kill(next(iter(pids.values())), signal.SIGKILL)

        threading.Thread(target=kill, daemon=True).start()
        try:
            train("far", spec, workspace, machines=rows, listener=heard)
        except NumeriError as error:
            told = {"code": error.code, "exit_code": int(error.exit_code), "said": error.message}
        told |= {"seconds_after_the_death": round(time.monotonic() - found["killed_at"], 1)}
        await_workers(client, fleet.connection.address, count=3, seconds=WORKERS_SECONDS)
        near = changed(MODEL, targets=TARGETS[:1], seeds=(1,))
        train("again", near, workspace, machines=fleet)
        return {**told, "workers_afterwards": len(client.nthreads()), "trains_again": True}


PROFILE = """\
tournament = "practice"

[models.lighthouse]
features = "small"
data = ["train", "validation"]
targets = ["target_ender_20"]

[models.lighthouse.estimator]
name = "lightgbm"
params = { n_estimators = 200, learning_rate = 0.04, max_depth = 5, num_threads = 1 }

[models.lighthouse.tune]
learning_rate = { log = [0.005, 0.1] }
num_leaves = { range = [7, 63] }
"""


def trials_at_once(root: Path) -> dict[str, Any]:
    """Six trials on two workers, one after the other and two at once; then one process killed."""
    os.environ["NUMERI_HOME"] = str(root)
    home = Home.find()
    settings = WorldSettings(seed=1, stocks=150, eras=120, features=24, rivals=2)
    Tournament.create(home.practice, settings, field=False).close()
    (root / "numeri.toml").write_text(PROFILE)
    context = Context(home=home, asked_profile=root / "numeri.toml")
    bring(context, ("features.json", "train.parquet", "validation.parquet"))

    def search(name: str, at_once: int, listener: Heard, trials: int = 6) -> dict[str, Any]:
        own = Context(home=home, asked_profile=root / "numeri.toml", listener=listener)
        began = time.monotonic()
        found = tune(
            own,
            "lighthouse",
            trials=trials,
            seed=1,
            settings=SearchSettings(hold_out=20, window=30, study=root / name),
            cluster="local:2",
            at_once=at_once,
            write_page=lambda page, path: None,
        )
        times = [(one.began.timestamp(), one.seconds or 0.0) for one in found.trials]
        most = max(sum(b <= a < b + s for b, s in times) for a, _ in times)
        return {
            "wall_s": round(time.monotonic() - began, 1),
            "done": found.done,
            "pruned": found.pruned,
            "failed": found.failed,
            "running": found.running,
            "most_trials_at_once": most,
            "scored_on_held_out": bool(found.outcomes and found.outcomes[0].held_out is not None),
        }

    peaks: list[int] = []
    killers: list[threading.Timer] = []

    def kill() -> None:
        os.kill(_trial_processes()[0], signal.SIGKILL)

    class Killing(Heard):
        """Kills one of the processes a second after the first trial is done."""

        def say(self, text: str) -> None:
            """Note it; the first trial's word sets the time."""
            super().say(text)
            peaks.extend(_peak_kb(pid) for pid in _trial_processes())
            if text.startswith("trial ") and not killers:
                killers.append(threading.Timer(1.0, kill))
                killers[0].start()

    one_by_one = search("one", 1, Heard())
    two = search("two", 2, Heard())
    killing = Killing()
    killed = search("killed", 2, killing)
    killed["said"] = [text for text in killing.said if "ended with" in text]
    return {
        "one_by_one": one_by_one,
        "two_at_once": two,
        "two_at_once_one_killed": killed,
        "peak_mb_of_a_process": round(max(peaks) / 1000),
        "processes_left": len(_trial_processes()),
    }


def _trial_processes() -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"numeri_cli.commands.tune.trial_process" in words:
                status = (entry / "status").read_text()
                if f"PPid:\t{os.getpid()}\n" in status and "State:\tZ" not in status:
                    found.append(int(entry.name))
    return sorted(found)


def _peak_kb(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


CASES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "two_machines": two_machines,
    "memory_for_two": memory_for_two,
    "four_deaths": four_deaths,
    "deaf": deaf,
    "death_over_rows": death_over_rows,
    "trials_at_once": trials_at_once,
}


def main() -> None:
    """Run cases, each in a folder of its own, and keep what each saw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("case", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--json", type=Path, required=True)
    asked = parser.parse_args()
    for name in asked.case:
        with tempfile.TemporaryDirectory(prefix="numeri-machines-") as folder:
            found = CASES[name](Path(folder))
        done = json.loads(asked.json.read_text()) if asked.json.is_file() else {}
        seen = {"seen": datetime.now(UTC).isoformat(timespec="minutes"), "cores": os.cpu_count()}
        done[name] = {**seen, "load": round(os.getloadavg()[0], 1), **found}
        asked.json.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
        print(name, json.dumps(found, indent=1), flush=True)


if __name__ == "__main__":
    main()
