"""The command line fed with mangled inputs, in children of a process that has imported it all.

python -m tests.fuzz.driver HOME FOLDER SEED KIND:FIRST:COUNT …

HOME: a trained home, which stays as it is; FOLDER: to work in; KIND: of tests/fuzz/kinds.py
An input is drawn from KIND, SEED and its number alone: FIRST and COUNT repeat any of them.
A child takes one input after the other; where one ends it, the next child goes on behind that.
Prints one JSON object: kind → Findings.
"""

from __future__ import annotations

import io
import json
import os
import random
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path

from numeri_cli.cli.app import main as numeri
from numeri_cli.errors import ExitCode
from tests.fuzz import warm  # noqa: F401 - imported once, before the children
from tests.fuzz.kinds import KINDS, Kind
from tests.support.home_copies import HomeCopy

MOST_CPU_SECONDS = 20.0
MOST_BYTES = 10**9  # above the imports
LONGEST_SECONDS = 240.0  # without a word of a child: it waits for something that never comes
MOST_FAILURES = 20
OWN_FAULT = 99
ODDER_CODES = frozenset({ExitCode.interrupted, ExitCode.terminated})
KNOWN_CODES = frozenset(int(code) for code in ExitCode if code not in ODDER_CODES)


@dataclass
class Findings:
    """What became of the inputs.

    codes: error code → how often; "" for success
    failures: what no input may lead to, with the words that repeat it
    peak_bytes: of memory above the imports; most_cpu_seconds: of one input, slowest: its number
    """

    codes: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    peak_bytes: int = 0
    most_cpu_seconds: float = 0.0
    slowest: int = 0


@dataclass(frozen=True)
class Ending:
    """How one input ended; failure: "" where it ended well."""

    number: int
    code: str
    failure: str
    peak_bytes: int
    cpu_seconds: float


def main(template: Path, folder: Path, seed: str, shares: list[str]) -> dict[str, Findings]:
    """Feed what each share says."""
    home = HomeCopy(template, folder / "home")
    os.environ["NUMERI_HOME"] = str(home.root)
    work = folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    os.chdir(work)
    found = {}
    for share in shares:
        name, first, count = share.split(":")
        numbers = range(int(first), int(first) + int(count))
        found[name] = _found(KINDS[name], seed, numbers, home)
    return found


def _found(kind: Kind, seed: str, numbers: range, home: HomeCopy) -> Findings:
    """Feed these inputs of one kind."""
    findings, codes = Findings(), Counter[str]()
    number = numbers.start
    while number < numbers.stop and len(findings.failures) < MOST_FAILURES:
        for ending in _endings(kind, seed, range(number, numbers.stop), home):
            number = ending.number + 1
            codes[ending.code] += 1
            findings.peak_bytes = max(findings.peak_bytes, ending.peak_bytes)
            if ending.cpu_seconds > findings.most_cpu_seconds:
                findings.most_cpu_seconds, findings.slowest = ending.cpu_seconds, ending.number
            if ending.failure:
                again = f"{seed} {kind.name}:{ending.number}:1"
                findings.failures.append(f"[{again}] {ending.failure}")
    findings.codes = dict(codes.most_common())
    return findings


def _endings(kind: Kind, seed: str, numbers: range, home: HomeCopy) -> list[Ending]:
    """Of a child's inputs; the last of them is the one that ended it, if one did."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            _feed(kind, seed, numbers, home, writing)
            os._exit(0)
        finally:  # a fault of the test itself
            traceback.print_exc()
            os._exit(OWN_FAULT)
    os.close(writing)
    lines, silent = _lines(reading)
    if silent:
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    endings = [Ending(**json.loads(line)) for line in lines]
    if code == 0 and not silent:
        return endings
    if code == OWN_FAULT:
        sys.exit("the test itself went wrong")
    told = "it waited for ever" if silent else _ended_by(code)
    failed = endings[-1].number + 1 if endings else numbers.start
    return [*endings, Ending(failed, "lost", told, 0, 0.0)]


def _ended_by(code: int) -> str:
    if code == -signal.SIGPROF:
        return f"it took more than {MOST_CPU_SECONDS:.0f} CPU-seconds"
    return f"the process was ended by {signal.Signals(-code).name if code < 0 else code}"


def _lines(reading: int) -> tuple[list[bytes], bool]:
    """All that comes, and whether nothing came for too long."""
    said = b""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], LONGEST_SECONDS)[0]:
            piece = pipe.read(1 << 16)
            if not piece:
                return said.splitlines(), False
            said += piece
    return said.splitlines(), True


def _feed(kind: Kind, seed: str, numbers: range, home: HomeCopy, writing: int) -> None:
    """Judge one input after the other; a line about each."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    with kind.surroundings(home.root):
        for number in numbers:
            home.restore()
            _empty(Path.cwd())
            chance = random.Random(f"{kind.name} {seed} {number}")
            words = kind.spoil(home.root, chance)
            os.write(writing, json.dumps(asdict(_judged(number, words, home))).encode() + b"\n")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _judged(number: int, words: list[str], home: HomeCopy) -> Ending:
    """Run the command, whose time and memory are counted."""
    before = _memory_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    signal.setitimer(signal.ITIMER_PROF, MOST_CPU_SECONDS)
    began = time.process_time()
    out, err = io.StringIO(), io.StringIO()
    raised, code = "", -1
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = numeri(words)
    except BaseException as error:
        raised = f"{type(error).__name__}: {error}"
    signal.setitimer(signal.ITIMER_PROF, 0)
    told, failure = _told(code, out.getvalue(), err.getvalue(), as_json="--json" in words)
    peak = _memory_bytes("VmHWM") - before
    if raised:
        failure = f"an exception left the command line: {raised}"
    elif peak > MOST_BYTES:
        failure = f"it took {peak:,} bytes"
    crashes = [one.read_text() for one in (home.root / "log").glob("crash-*.txt")]
    if failure:
        failure = f"`numeri {' '.join(words)}`: {failure}\n{crashes[0] if crashes else ''}"
    return Ending(number, told, failure, peak, time.process_time() - began)


def _told(code: int, out: str, err: str, *, as_json: bool) -> tuple[str, str]:
    """The error's code, and what is wrong with how the command ended."""
    if "Traceback (most recent call last)" in out + err:
        return "", f"a traceback: {(out + err)[-2_000:]}"
    if code not in KNOWN_CODES:
        return "", f"exit code {code}"
    if not as_json:
        return str(code), "" if "did not expect" not in err else err
    try:
        error = json.loads(out)["error"]
    except (ValueError, KeyError, TypeError):
        return "", f"no one JSON object: {out[:300]!r} {err[:300]!r}"
    if error is None:
        return "", ""
    if error["code"] == "unexpected" or not error["message"]:
        return str(error["code"]), str(error["message"])
    return str(error["code"]), ""


def _memory_bytes(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    line = next(one for one in status.splitlines() if one.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    _template, _folder, _seed, *_shares = sys.argv[1:]
    told = main(Path(_template), Path(_folder), _seed, _shares)
    print(json.dumps({name: asdict(found) for name, found in told.items()}))
