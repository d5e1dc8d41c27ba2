"""What a cluster costs: overhead against this process, two workers against one, tiny members.

    python tests/benchmarks/cluster.py [--json]

A scheduler and workers of one thread each in processes of their own on this machine, warmed up by
a small plan, with empty caches. CPU is that of client, scheduler and workers together; where other
programs want the cores, walls say little, so that `load` before and after stands beside them.
`efficiency_wall` is the wall of one worker over twice that of two, `efficiency` the CPU of one over
that of two: what sharing adds. `balance` is the share of the busier of two. Goals: overhead 15 %,
efficiency 0.85, each peak within its estimate, 20 ms a member.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

GOALS = {"overhead": 0.15, "efficiency": 0.85, "milliseconds_a_member": 20.0}
TARGETS = ("target_ender_20", "target_ender_60")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Taken:
    """Seconds of wall and of CPU, of each worker, too; peaks: (MB held, MB estimated)."""

    wall_s: float
    cpu_s: float
    workers_cpu_s: tuple[float, ...] = ()
    peaks: tuple[tuple[float, float], ...] = ()


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measured(work: Callable[[], list[str]], scheduler: int, workers: list[int]) -> Taken:
    """What a piece of work takes here and in these processes."""
    pids = [scheduler, *workers]
    before = {pid: cpu_of(pid) for pid in pids if pid}
    started, own = time.monotonic(), time.process_time()
    steps = work()
    wall, spent = time.monotonic() - started, time.process_time() - own
    after = {pid: cpu_of(pid) - at for pid, at in before.items()}
    found = (re.search(r"([\d,]+) MB of ([\d,]+) MB", step) for step in steps)
    peaks = tuple((float(one[1]), float(one[2])) for one in found if one)
    return Taken(wall, spent + sum(after.values()), tuple(after[pid] for pid in workers), peaks)


def plan_of(trees: int, seeds: int) -> object:
    """Two targets and so many seeds."""
    from tests.support.data_versions import model_spec

    params: dict[str, object] = {
        "n_estimators": trees,
        "n_jobs": 1,
        "subsample": 0.5,
        "subsample_freq": 1,
        "colsample_bytree": 0.5,
    }
    numbers = tuple(range(1, seeds + 1))
    return model_spec(features="all", targets=TARGETS, seeds=numbers, params=params)


def run(root: Path) -> dict[str, object]:
    """All measurements."""
    os.environ["NUMERI_HOME"] = str(root / "home")
    from numeri_cli.learning.training import train
    from tests.support.clusters import Heard, dask_scheduler, fleet_at
    from tests.support.data_versions import workspace_of, write_sample

    large = workspace_of(write_sample(root / "large" / "v5.3", stocks=1500, features=100))
    small = workspace_of(write_sample(root / "small" / "v5.3"))
    load = os.getloadavg()[0]
    plan, tiny, warm = plan_of(240, 4), plan_of(1, 500), plan_of(2, 1)

    def here(name: str, spec: object, workspace: object) -> Taken:
        def work() -> list[str]:
            train(name, spec, workspace)  # type: ignore[arg-type]
            return []

        return measured(work, 0, [])

    def there(name: str, spec: object, workspace: object, workers: int) -> Taken:
        with dask_scheduler(root / f"dask-{name}") as dask:
            for number in range(workers):
                dask.start_worker(f"w{number}", home=root / f"home-{name}-{number}")
            pids = [one.pid for one in dask.workers]
            for number in range(workers):  # each imports what it needs
                heard = Heard()
                with fleet_at(dask.address, heard, workers=workers) as fleet:
                    train(f"warm-{name}-{number}", plan_of(2, 2 + number), small, machines=fleet)  # type: ignore[arg-type]
            heard = Heard()

            def work() -> list[str]:
                with fleet_at(dask.address, heard, workers=workers) as fleet:
                    train(name, spec, workspace, machines=fleet, listener=heard)  # type: ignore[arg-type]
                return heard.steps

            return measured(work, dask.scheduler.pid, pids)

    here("warm", warm, small)
    found = {
        "local": here("local", plan, large),
        "one_worker": there("one", plan, large, 1),
        "two_workers": there("two", plan, large, 2),
        "tiny_local": here("tiny-local", tiny, small),
        "tiny_two_workers": there("tiny", tiny, small, 2),
    }
    return summary(found, load=load)


def summary(found: dict[str, Taken], *, load: float) -> dict[str, object]:
    """The figures that have goals, and what they were made of; load: of the machine before."""
    local, single, two = found["local"], found["one_worker"], found["two_workers"]
    members = 2 * 500
    tiny = found["tiny_two_workers"].cpu_s - found["tiny_local"].cpu_s
    peaks = [*single.peaks, *two.peaks]
    return {
        "benchmark": "cluster",
        "goals": GOALS,
        "load": {"before": load, "after": os.getloadavg()[0]},
        "cores": os.cpu_count(),
        "overhead": single.cpu_s / local.cpu_s - 1,
        "overhead_wall": single.wall_s / local.wall_s - 1,
        "efficiency_wall": single.wall_s / (2 * two.wall_s),
        "efficiency": single.cpu_s / two.cpu_s,
        "balance": max(two.workers_cpu_s) / sum(two.workers_cpu_s),
        "milliseconds_a_member": 1000 * tiny / members,
        "milliseconds_a_member_wall": 1000
        * (found["tiny_two_workers"].wall_s - found["tiny_local"].wall_s)
        / members,
        "largest_peak_of_estimate": max((peak / most for peak, most in peaks), default=0.0),
        "taken": {name: asdict(one) | {"peaks": len(one.peaks)} for name, one in found.items()},
    }


def main() -> None:
    """Measure, and print a table or one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(Path(folder))
    if words.json:
        print(json.dumps(found, indent=1))
        return
    for name, value in found.items():
        print(f"{name:32} {value}")


if __name__ == "__main__":
    main()
