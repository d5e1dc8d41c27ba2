"""Output that cannot be written never ends the work, and its exit code is the work's."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest

from numeri_cli.home import Home
from numeri_cli.log import read_log
from tests.support.closed_rounds import close_round
from tests.support.processes import fork
from tests.support.runner import Numeri

WORK = (
    ("download", "--force", "live"),
    ("train",),
    ("predict",),
    ("validate", "--eras", "0049-0060"),
    ("run",),
    ("submit",),
    ("status",),
    ("rounds",),
    ("datasets",),
    ("schedule", "show"),
    ("practice", "status"),
    ("log",),
    ("train", "--help"),
    ("--help",),
    ("--version",),
)
HAS_A_FULL_DISK = Path("/dev/full").exists()
# the terminal that standard input is becomes this process's own, so that SIGHUP comes as it goes
WITH_TERMINAL = (
    "import fcntl, os, runpy, sys, termios\n"
    "os.setsid()\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "sys.argv = ['numeri', *sys.argv[1:]]\n"
    "runpy.run_module('numeri_cli', run_name='__main__', alter_sys=True)\n"
)


@pytest.mark.parametrize("streams", ["full", "closed"])
def test_every_command_does_its_work_where_nothing_can_be_written(
    trained: Path, streams: Literal["full", "closed"]
) -> None:
    if streams == "full" and not HAS_A_FULL_DISK:
        pytest.skip("this system has no /dev/full")
    for place, words in enumerate(WORK):
        as_json = ("--json",) * (place % 2) if "-" not in words[-1] else ()
        said = fork("numeri_cli", *words, *as_json, streams=streams).ended()
        assert said.code == 0, (words, said)
    states = {
        line.words for line in read_log(Home.find().log) if line.event == "end" and line.exit_code
    }
    assert states == set()


@pytest.mark.skipif(not HAS_A_FULL_DISK, reason="this system has no /dev/full")
def test_a_failure_keeps_its_exit_code_where_it_cannot_be_told(trained: Path) -> None:
    for words in (("train", "nobody"), ("submit", "nothere.csv"), ("submit", "--json", "a.csv")):
        assert fork("numeri_cli", *words, streams="full").ended().code == 1
    assert fork("numeri_cli", "train", "--nonsense", streams="full").ended().code == 2
    assert fork("numeri_cli", "nonsense", streams="full").ended().code == 2


@pytest.mark.skipif(not HAS_A_FULL_DISK, reason="this system has no /dev/full")
def test_the_round_is_in_and_what_could_not_be_shown_is_in_the_log(
    numeri: Numeri, trained: Path
) -> None:
    assert fork("numeri_cli", "run", streams="full").ended().code == 0
    assert numeri("status").code == 0
    kept = [line.words for line in read_log(Home.find().log) if line.event == "unwritten"]
    assert any(line.startswith("lighthouse is submission ") for line in kept)


def test_a_reader_that_has_left_changes_no_exit_code(trained: Path) -> None:
    command = '"$0" -m numeri_cli rounds | true; exit ${PIPESTATUS[0]}'
    done = subprocess.run(
        ["bash", "-c", command, sys.executable], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_run_outlives_its_terminal(numeri: Numeri, trained: Path) -> None:
    """It waits for a round as the terminal is closed: SIGHUP comes, and every write fails."""
    close_round(trained)
    ours, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", WITH_TERMINAL, "run", "--wait", "3m"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    ) as running:
        os.close(terminal)
        said = b""
        while b"waiting" not in said:
            said += os.read(ours, 4096)
        os.close(ours)
        time.sleep(0.2)
        assert numeri("practice", "advance").code == 0
        assert running.wait(timeout=240) == 0
    assert numeri("status").code == 0


def test_in_ascii_every_letter_has_a_likeness(trained: Path) -> None:
    for encoding in ("ascii", "latin-1"):
        done = subprocess.run(
            [sys.executable, "-m", "numeri_cli", "practice", "status"],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "0"},
            check=False,
        )
        shown = done.stdout.decode(encoding)
        assert done.returncode == 0
        assert "?" not in shown
        rows = [line.replace("|", " ").split() for line in shown.splitlines()]
        assert ["beacon", "0", "none", "-"] in rows


def _width_of(terminal: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, bytes([24, 0, columns, 0, 0, 0, 0, 0]))


def test_ids_are_whole_at_every_width_of_a_terminal(numeri: Numeri, trained: Path) -> None:
    assert numeri("run", "--quiet").code == 0
    [receipt] = numeri("rounds", "--json").data["rounds"][0]["receipts"]
    for columns, kind in ((0, "xterm"), (60, "xterm"), (80, "dumb"), (120, "xterm")):
        shown = _shown_in_terminal(columns, kind)
        assert receipt["server_id"] in shown, columns
        assert re.findall(r"\x1b\[[0-9;]*[34][0-9]", shown) == []  # no colour


def _shown_in_terminal(columns: int, kind: str) -> str:
    """What `numeri rounds` writes to a terminal of this kind and width."""
    ours, terminal = pty.openpty()
    _width_of(terminal, columns)
    shown = b""
    with subprocess.Popen(
        [sys.executable, "-m", "numeri_cli", "rounds"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": kind, "NO_COLOR": "1", "COLUMNS": str(columns)},
    ) as running:
        os.close(terminal)
        with suppress(OSError):  # the other side has closed
            while True:
                shown += os.read(ours, 4096)
        os.close(ours)
        assert running.wait(timeout=120) == 0
    return shown.decode()
