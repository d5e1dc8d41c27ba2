"""Runs us and the peer in turn, each in a process of its own, and prints what it took.

A benchmark script builds its cases and ends with `measure.main(cases_of_scale)`. For every case
and repeat a fresh child is started per side: it imports, loads (both untimed), works (timed) and
writes what came out, which the parent compares. Figures are medians over the repeats.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

Outputs = Mapping[str, np.ndarray]
Figures = Mapping[str, float]
ONE_BLAS_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Side:
    """One contestant.

    load: (folder shared by the case) → whatever `work` wants; untimed
    work: that → named arrays; timed
    imports: modules to import before anything is measured
    proof: what was loaded → further arrays to compare, gathered after the work; untimed
    figures: what was loaded → what else was counted, or what replaces a figure of this process
    """

    load: Callable[[Path], Any]
    work: Callable[[Any], Outputs]
    imports: tuple[str, ...] = ("numpy",)
    proof: Callable[[Any], Outputs] | None = None
    figures: Callable[[Any], Figures] | None = None


@dataclass(frozen=True)
class Case:
    """One comparison.

    inputs: writes files into the case's folder, once, in a process of its own
    tolerance: largest absolute difference of floats that counts as equal, NaN equals NaN
    memory_above: what is taken off VmHWM: nothing, or the memory held after imports or loading
    peer: None where only our own figures are wanted
    reference: where the peer's documentation shows this use
    """

    name: str
    ours: Side
    peer: Side | None
    inputs: Callable[[Path], None] | None = None
    tolerance: float = 0.0
    repeats: int = 5
    memory_above: Literal["nothing", "imports", "load"] = "nothing"
    environment: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""
    remarks: Mapping[str, Any] = field(default_factory=dict)


def main(cases_of_scale: Callable[[str], Sequence[Case]]) -> None:
    """Measure the cases of `--scale`; a table, or with `--json` one object (a list of several)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scale", default="default", help="default or v5.3")
    parser.add_argument("--case", help="only the case of this name")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--child", nargs=3, metavar=("CASE", "SIDE", "FOLDER"))
    options = parser.parse_args()
    cases = list(cases_of_scale(options.scale))
    if options.child:
        name, side, folder = options.child
        _child(next(case for case in cases if case.name == name), side, Path(folder))
        return
    wanted = [case for case in cases if options.case in (None, case.name)]
    if not wanted:
        parser.error(f"no case {options.case}; there are {', '.join(case.name for case in cases)}")
    results = []
    for case in wanted:
        results.append(_measure(case, options.repeats or case.repeats, options.scale))
        if not options.json:
            _print_row(results[-1], header=len(results) == 1)
    if options.json:
        print(json.dumps(results[0] if len(results) == 1 else results, indent=2))
    if any(result["equal"] is False for result in results):
        sys.exit("the outputs differ")


def _measure(case: Case, repeats: int, scale: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="numeri-benchmark-") as name:
        folder = Path(name)
        if case.inputs:
            _start(case, "inputs", folder, scale)
        figures: dict[str, list[dict[str, float]]] = {"ours": [], "peer": []}
        for _ in range(repeats):
            for side in ("ours", "peer") if case.peer else ("ours",):
                _start(case, side, folder, scale)
                figures[side].append(json.loads((folder / f"{side}.json").read_text()))
        result: dict[str, Any] = {"benchmark": case.name}
        for side, runs in figures.items():
            keys = runs[0] if runs else ()
            medians = {key: statistics.median(run[key] for run in runs) for key in keys}
            result[side] = {key: round(value, 4) for key, value in medians.items()} or None
        result["ratio"] = result["equal"] = None
        if case.peer:
            result["ratio"] = {
                key.split("_", maxsplit=1)[0]: round(
                    result["peer"][key] / max(result["ours"][key], 1e-9), 2
                )
                for key in ("wall_s", "cpu_s", "peak_mb")
            }
            result["max_difference"] = _difference(folder)
            result["equal"] = bool(result["max_difference"] <= case.tolerance)
    result |= {"repeats": repeats, "tolerance": case.tolerance, "reference": case.reference}
    return result | {"memory_above": case.memory_above, **case.remarks}


def _start(case: Case, side: str, folder: Path, scale: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    script = str(Path(sys.argv[0]).resolve())
    command = [sys.executable, script, "--scale", scale, "--child", case.name, side, str(folder)]
    done = subprocess.run(command, env={**environment, **case.environment}, check=False)
    if done.returncode:
        sys.exit(f"{case.name}: {side} ended with {done.returncode}")


def _child(case: Case, name: str, folder: Path) -> None:
    if name == "inputs":
        if case.inputs:
            case.inputs(folder)
        return
    side = case.ours if name == "ours" else case.peer
    if side is None:
        sys.exit(f"{case.name} has no peer")
    for module in side.imports:
        importlib.import_module(module)
    held = {"nothing": 0.0, "imports": _status_mb("VmRSS")}
    data = side.load(folder)
    held["load"] = _status_mb("VmRSS")
    if case.memory_above == "load":
        with contextlib.suppress(OSError):  # where the kernel cannot, loading stays in the peak
            Path("/proc/self/clear_refs").write_text("5")
    wall, cpu = time.perf_counter(), _cpu_s()
    outputs = side.work(data)
    spent = {"wall_s": time.perf_counter() - wall, "cpu_s": _cpu_s() - cpu}
    spent["peak_mb"] = _status_mb("VmHWM") - held[case.memory_above]
    if side.figures:
        spent |= side.figures(data)
    if side.proof:
        outputs = {**outputs, **side.proof(data)}
    np.savez(folder / f"{name}.npz", allow_pickle=False, **outputs)
    (folder / f"{name}.json").write_text(json.dumps(spent))


def _cpu_s() -> float:
    """Seconds of all threads and of finished children, user and system."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _status_mb(key: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise KeyError(key)


def _difference(folder: Path) -> float:
    """Largest absolute difference of what both sides wrote; infinite where not comparable."""
    with np.load(folder / "ours.npz") as ours, np.load(folder / "peer.npz") as peer:
        if set(ours) != set(peer):
            return float("inf")
        largest = 0.0
        for key in ours:
            a, b = ours[key], peer[key]
            if a.shape != b.shape:
                return float("inf")
            if np.array_equal(a, b):
                continue
            if a.dtype.kind not in "fc" or not np.array_equal(np.isnan(a), np.isnan(b)):
                return float("inf")
            largest = max(largest, float(np.nanmax(np.abs(a - b))))
    return largest


def _print_row(result: dict[str, Any], *, header: bool) -> None:
    if header:
        print(f"{'':34}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}  equal")
    for side in ("ours", "peer", "ratio"):
        row = result[side]
        if row is None:
            continue
        label = f"{result['benchmark']} {side}"
        equal = "" if side != "ratio" else f"  {result['equal']} ({result['max_difference']:.1e})"
        values = "".join(f"{value:9.2f}" for value in list(row.values())[:3])
        others = "".join(f"  {key} {value:g}" for key, value in list(row.items())[3:])
        print(f"{label:34}{values}{equal}{others}", flush=True)
