"""System calls that write, watched and spoilt by strace, each with the functions that make it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.faults.traced import BETWEEN, LONGEST_SECONDS, MARK
from tests.support.processes import fork
from tests.support.said import Said

DRIVER = "tests.faults.traced"
WRITING = (
    "write", "pwrite64", "writev", "fsync", "fdatasync", "rename", "renameat", "renameat2",
    "link", "linkat",
)  # fmt: skip
MARKING = ("access", "faccessat", "faccessat2")
_CALL = re.compile(r"^(?P<thread>\d+) +(?P<name>\w+)\((?P<rest>.*)$", re.M)
_MARK = re.compile(rf'"{MARK}([^"]*)"')


@dataclass(frozen=True, order=True)
class Place:
    """A system call, and the functions of ours at work in the thread that makes it."""

    call: str
    stack: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.call} in {' > '.join(self.stack[-3:]) or 'native code'}"


@dataclass(frozen=True)
class Passing:
    """One system call as it was made.

    number: of the thread's calls of that name, from 1; spoilt: whether strace let it fail
    """

    place: Place
    thread: str
    number: int
    spoilt: bool


@dataclass(frozen=True)
class Fault:
    """Let one call fail with this error: in each thread its call of this number."""

    place: Place
    number: int
    error: str
    which: str

    def __str__(self) -> str:
        return f"{self.error}, {self.which} {self.place}"


@dataclass(frozen=True)
class Traced:
    """How a traced command ended, and the calls it made."""

    said: Said
    passings: tuple[Passing, ...]


@cache
def untraceable() -> str:
    """Why nothing can be traced here; "" where it can."""
    if shutil.which("strace") is None:
        return "strace is not there"
    done = subprocess.run(
        ["strace", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else f"strace may not trace here: {done.stderr.strip()}"


def traced(*words: str, record: Path, fault: Fault | None = None) -> Traced:
    """Run a command in this test's home and folder; record: the file for strace's own words."""
    running = fork(DRIVER, *words)
    watch = [*WRITING, *MARKING]
    tracer = subprocess.Popen(
        [
            *("strace", "-f", "-qq", "-s", "4000", "-e", "signal=none", "-o", str(record)),
            *("-e", f"trace={','.join(watch)}"),
            *(("-e", _injection(fault)) if fault else ()),
            *("-p", str(running.process.pid)),
        ],
        stderr=subprocess.PIPE,
    )
    try:
        said = running.ended()
        tracer.wait(LONGEST_SECONDS)
    finally:
        tracer.kill()
        tracer.communicate()
    return Traced(said, tuple(passings(record.read_text(errors="replace"))))


def _injection(fault: Fault) -> str:
    return f"inject={fault.place.call}:error={fault.error}:when={fault.number}"


def passings(record: str) -> Iterator[Passing]:
    """The writing calls of strace's record, in their order."""
    places: dict[str, tuple[str, ...]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for call in _CALL.finditer(record):
        thread, name, rest = call["thread"], call["name"], call["rest"]
        if name in MARKING:
            if mark := _MARK.search(rest):
                places[thread] = tuple(mark[1].split(BETWEEN)) if mark[1] else ()
        elif name in WRITING:
            counts[thread, name] += 1
            place = Place(name, places.get(thread, ()))
            yield Passing(place, thread, counts[thread, name], "(INJECTED)" in rest)


def faults(passed: Iterable[Passing], errors: Iterable[str]) -> list[Fault]:
    """Each error at each place, the first, the second and the last time it is passed."""
    at: dict[Place, list[int]] = {}
    for one in passed:
        at.setdefault(one.place, []).append(one.number)
    found = []
    for place, numbers in sorted(at.items()):
        times = {"first": numbers[0], "last": numbers[-1]}
        if len(numbers) > 2:
            times["second"] = numbers[1]
        if numbers[0] == numbers[-1]:
            times = {"only": numbers[0]}
        found += [
            Fault(place, number, error, which)
            for which, number in times.items()
            for error in errors
        ]
    return found
