"""The commands of the page on clusters, typed as they stand there."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.processes import ROOT
from tests.support.runner import Numeri
from tests.support.sources import PACKAGE

PAGE = (PACKAGE / "guide" / "cluster.md").read_text(encoding="utf-8")


def commands_of(word: str) -> list[str]:
    """The indented lines of the page that begin with this word."""
    return [line.strip() for line in PAGE.splitlines() if line.startswith(f"    {word} ")]


def free_port() -> int:
    """One that nobody listens at, just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def kept_up(command: str, folder: Path) -> Iterator[None]:
    """A command of Dask's at work while the block runs, with all that it starts."""
    words = [sys.executable, "-m", *shlex.split(command)]
    with (folder / f"{words[3]}.log").open("wb") as log:
        started = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def test_a_scheduler_and_two_workers_of_the_page_train_what_local_workers_do(
    numeri: Numeri, trained: Path, tmp_path: Path
) -> None:
    scheduler, workers = commands_of("dask")[:2]  # those of one machine come first
    port = str(free_port())  # 8786 may be somebody's
    with (
        kept_up(f"{scheduler} --port {port} --no-dashboard", tmp_path),
        kept_up(f"{workers} --no-dashboard".replace("8786", port), tmp_path),
    ):
        there = numeri("train", "--cluster", f"tcp://127.0.0.1:{port}", "--json")
    assert there.code == 0, there.out
    local = commands_of("numeri train")[0]
    here = numeri(*shlex.split(local)[1:], "--json")
    assert here.code == 0, here.out
    first, second = (said.data["models"][0] for said in (there, here))
    assert first["machines"]
    assert second["machines"]
    members = [sorted(Path(one["folder"]).glob("*.txt")) for one in (first, second)]
    assert members[0]
    for there_kept, here_kept in zip(*members, strict=True):
        assert there_kept.read_bytes() == here_kept.read_bytes()
