"""The program in processes of its own: started anew, or forked from one that has imported it all.

Importing LightGBM beside an installed scikit-learn costs seconds of CPU, so most tests fork.
They never fork from the test's own process: its threads may hold a lock that the child then
awaits for ever.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Literal

from tests.support.said import Said

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 300
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(
    [
        "numeri_cli.cli.run",
        "numeri_cli.commands.data_files",
        "numeri_cli.commands.artifacts",
        "numeri_cli.commands.run.entry",
        "numeri_cli.output.text.tables",
        "tests.support.processes",
    ]
)


@dataclass(frozen=True)
class Forked:
    """A module of ours at work in a forked process; `ended` waits for it."""

    process: ForkServerProcess
    out: Path
    err: Path

    def send_signal(self, number: signal.Signals) -> None:
        """As a person or a machine that shuts down does."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def ended(self, *, within_seconds: float = LONGEST_SECONDS) -> Said:
        """How it ended."""
        self.process.join(within_seconds)
        assert self.process.exitcode is not None, "it did not end"
        said = Said(self.process.exitcode, self.out.read_text(), self.err.read_text())
        shutil.rmtree(self.out.parent)
        return said


def fork(module: str, *words: str, streams: Literal["files", "full", "closed"] = "files") -> Forked:
    """`python -m module words…` in this one's environment and folder.

    streams: where standard output and error go; to files that `ended` reads, to a full disk, or
    nowhere since both are closed
    """
    folder = Path(tempfile.mkdtemp(prefix="numeri-forked-"))
    out, err = folder / "out", folder / "err"
    environment, here = dict(os.environ), str(Path.cwd())
    process = FORKING.Process(
        target=_become, args=(module, words, environment, here, (str(out), str(err)), streams)
    )
    process.start()
    return Forked(process, out, err)


def _become(
    module: str,
    words: Sequence[str],
    environment: dict[str, str],
    folder: str,
    files: tuple[str, str],
    streams: str,
) -> None:
    if str(ROOT) not in sys.path:  # what is imported late is of this tree, too
        sys.path.insert(0, str(ROOT))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(files, start=1):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), number)
        if streams == "full":
            os.dup2(os.open("/dev/full", os.O_WRONLY), number)
        elif streams == "closed":
            os.close(number)
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def forked(work: Callable[..., object], *arguments: object) -> int:
    """How a forked process ended that did this work: its exit code, or minus a signal's number."""
    process = FORKING.Process(target=work, args=arguments)
    process.start()
    process.join(LONGEST_SECONDS)
    assert process.exitcode is not None, "it did not end"
    return process.exitcode


def start(
    module: str, *words: str, stdin: int | None = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    """The program in a process started anew, as the user's shell does; `ended` waits for it."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""},
    )


def ended(started: subprocess.Popen[str], typed: str | None = None) -> Said:
    """How it ended, after these words were typed."""
    with started:
        out, err = started.communicate(typed, timeout=LONGEST_SECONDS)
    return Said(started.returncode, out, err)


def await_words(running: Forked, words: str) -> None:
    """Wait until the process has said these words on standard error."""
    await_truth(lambda: running.err.exists() and words in running.err.read_text(), words)


def await_truth(truth: Callable[[], object], what: str) -> None:
    """Wait until it holds; fail, saying what was waited for, after a minute."""
    until = time.monotonic() + 300
    while not truth():
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.005)
