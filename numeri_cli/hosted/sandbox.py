"""A fresh process in which an uploaded model is opened and called, as near to Numerai's as can be.

It has an environment without numeri, no network, 4 GB and one core, and where Linux can do it no
files but its own. Nothing of a pickle is opened anywhere else.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from numeri_cli.files import disk_errors
from numeri_cli.hosted import inside
from numeri_cli.hosted.environments import Environment
from numeri_cli.hosted.memory_group import MemoryGroup, memory_group
from numeri_cli.hosted.processes import alone, cut_network, peak_bytes

GIGABYTE = 2**30
_START_SECONDS = 300  # to load numpy and pandas, however busy the machine
_LOOK_SECONDS = 0.05
_LONGEST_LINE = 2**20
_LARGEST_ANSWER = 512 * 2**20
_KEPT_WORDS = 4000
_OF_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc", "/proc", "/sys", "/opt")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

End = Literal["done", "time", "memory", "crash"]


@dataclass(frozen=True, kw_only=True)
class SandboxLimits:
    """What Numerai gives a hosted model; seconds: for opening it and one call together."""

    seconds: float = 600.0
    memory_bytes: int = 4 * GIGABYTE


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of the model with the round's tables, changed in one way.

    rows: the file of another order of the rows; columns: another order of the columns
    type: what the columns `numbers` are made; missing: a column without values
    no_benchmarks: as where the file of the benchmark models is missing
    """

    name: str
    rows: str = ""
    columns: tuple[str, ...] = ()
    type: str = ""
    numbers: tuple[str, ...] = ()
    missing: str = ""
    no_benchmarks: bool = False


@dataclass(frozen=True, kw_only=True)
class ModelTrouble:
    """An exception of the model's code; module: which one is missing, where one is."""

    error: str
    words: str
    module: str
    place: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a step came to: an answer, as its JSON has it, or trouble."""

    seconds: float
    answer: Mapping[str, Any] | None = None
    trouble: ModelTrouble | None = None


@dataclass(kw_only=True)
class Run:
    """What happened in the sandbox.

    steps: "load" and the names of calls; parameters: of the model's function
    ended: how it ended, in the step `at`; signal: that killed it, 0 where none did
    network_cut, confined: whether the network, and other files, were out of its reach
    memory_by: "cgroup", or "watched" where the process was looked at again and again
    files, addresses: which it asked for and Numerai's machines do not have
    words: the end of what it printed
    """

    steps: dict[str, Outcome] = field(default_factory=dict)
    parameters: int | None = None
    ended: End = "crash"
    at: str = ""
    signal: int = 0
    network_cut: bool = False
    confined: bool = False
    memory_by: Literal["cgroup", "watched"] = "watched"
    peak_bytes: int = 0
    files: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    imported: Mapping[str, str] = field(default_factory=dict)
    words: str = ""


@contextmanager
def prepared(pickle: Path) -> Iterator[Path]:
    """A folder for one run, with the pickle in it under the name that is opened there."""
    with (
        disk_errors(Path(tempfile.gettempdir())),
        tempfile.TemporaryDirectory(prefix="numeri-hosted-", ignore_cleanup_errors=True) as place,
    ):
        folder = Path(place)
        shutil.copyfile(pickle, folder / "model.pkl")
        yield folder


def run_model(
    folder: Path,
    calls: Sequence[Call],
    *,
    environment: Environment,
    limits: SandboxLimits,
) -> Run:
    """Open FOLDER/model.pkl in a process of its own, and call it.

    folder: holds the tables, too; see `tables.lay_out`
    """
    request = {"calls": [vars(call) for call in calls], "readable": _readable(environment)}
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    unshare = cut_network()
    run = Run(network_cut=bool(unshare))
    words = [*unshare, str(environment.python), "-I", "-B", inside.__file__, str(folder)]
    with (
        memory_group(limits.memory_bytes) as group,
        tempfile.TemporaryFile() as printed,
        alone(words, folder=folder, environment=_environment(folder), errors=printed) as process,
    ):
        if group is not None and group.take(process.pid):
            run.memory_by = "cgroup"
        _let_go(process)
        _attend(process, run, folder=folder, limits=limits)
        run.signal = -min(process.wait(), 0)
        if run.ended == "crash" and group is not None:
            _blame_memory(run, group)
        run.words = _end_of(printed)
    return run


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the user's own: no keys, no home."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    threads = dict.fromkeys(_ONE_THREAD, "1")
    own = {"HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    return {**own, **threads, "MPLBACKEND": "agg"}


def _readable(environment: Environment) -> list[str]:
    """What Numerai's machine has too: the interpreter, its packages, the system."""
    base = environment.python.resolve().parent.parent
    own = environment.python.parent.parent
    here = Path(inside.__file__).parent
    return [*_OF_SYSTEM, str(base), str(own), str(here), *map(str, environment.readable)]


def _let_go(process: subprocess.Popen[bytes]) -> None:
    with suppress(BrokenPipeError):
        assert process.stdin is not None  # noqa: S101 - it was started with one
        process.stdin.write(b"go\n")
        process.stdin.flush()


def _attend(
    process: subprocess.Popen[bytes], run: Run, *, folder: Path, limits: SandboxLimits
) -> None:
    """Hear what the process tells until it ends, or goes beyond a limit and is ended."""
    assert process.stdout is not None  # noqa: S101 - it was started with one
    clock = _Clock(limits)
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if selector.select(_LOOK_SECONDS):
                more = os.read(process.stdout.fileno(), 65536)
                if not more:
                    break
                *lines, pending = (pending + more).split(b"\n")
                for line in lines:
                    _hear(line, run, clock, folder=folder)
                if len(pending) > _LONGEST_LINE:
                    break
            if run.at:  # until its first word its memory may be that of this process
                run.peak_bytes = max(run.peak_bytes, peak_bytes(process.pid))
            if run.peak_bytes > limits.memory_bytes:
                run.ended = "memory"
                break
            if clock.is_over():
                run.ended = "time"
                break
    _kill(process)


@dataclass
class _Clock:
    """Takes the time of each step; opening the model counts for its first call."""

    limits: SandboxLimits
    began: float = field(default_factory=time.monotonic)
    spent: float = 0.0
    step: str = "start"

    def begin(self, step: str) -> None:
        """A step begins."""
        self.began, self.step = time.monotonic(), step

    def end(self) -> float:
        """How long it took, in seconds."""
        seconds = time.monotonic() - self.began
        self.spent = seconds if self.step == "load" else 0.0
        self.began, self.step = time.monotonic(), "between"
        return seconds

    def is_over(self) -> bool:
        """Whether the step takes too long."""
        most = self.limits.seconds - self.spent
        if self.step in ("start", "between"):
            most = _START_SECONDS
        return time.monotonic() - self.began > most


def _hear(line: bytes, run: Run, clock: _Clock, *, folder: Path) -> None:
    """Take in what the process tells, which anybody may have written: nonsense is passed over."""
    try:
        told = json.loads(line)
        if not isinstance(told, dict):
            return
        if "begin" in told:
            run.at = str(told["begin"])
            run.confined = run.confined or told.get("confined") is True
            clock.begin(run.at)
            return
        name = str(told["end"])
        run.peak_bytes = max(run.peak_bytes, int(told["peak_bytes"]))
        run.files = tuple(str(one)[:500] for one in told["files"])
        run.addresses = tuple(str(one)[:200] for one in told["addresses"])
        if name == "all":
            run.ended = "done"
            run.imported = {str(one): str(version) for one, version in told["imported"].items()}
            return
        seconds = clock.end()
        trouble = _trouble_of(told) if "error" in told else None
        run.steps[name] = Outcome(
            seconds=seconds, answer=_answer_of(told, name, folder), trouble=trouble
        )
        if name == "load":
            run.parameters = told.get("parameters")
            if trouble is not None:
                run.ended = "done"
    except (ValueError, ArithmeticError, TypeError, KeyError, AttributeError, RecursionError):
        return


def _trouble_of(told: Mapping[str, Any]) -> ModelTrouble:
    return ModelTrouble(
        error=str(told["error"])[:200],
        words=str(told["words"]),
        module=str(told["module"])[:200],
        place=str(told["place"])[:200],
    )


def _answer_of(told: Mapping[str, Any], name: str, folder: Path) -> Mapping[str, Any] | None:
    if "answer" not in told:
        return None
    path = folder / f"answer-{name}.json"
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST_ANSWER:
        return {"kind": "answer beyond all bounds"}
    answer = json.loads(path.read_bytes())
    return answer if isinstance(answer, dict) else None


def _blame_memory(run: Run, group: MemoryGroup) -> None:
    if group.has_killed():
        run.ended = "memory"


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_of(printed: IO[bytes]) -> str:
    size = printed.seek(0, os.SEEK_END)
    printed.seek(max(0, size - _KEPT_WORDS))
    return printed.read().decode(errors="replace").strip()
