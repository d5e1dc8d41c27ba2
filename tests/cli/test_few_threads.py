"""Short of threads a command says so; it neither hangs nor dies of a library's own words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from numeri_cli.threads import LEAST_THREADS, OWN_THREADS, require_threads, room_for_threads
from tests.support.runner import Numeri

LIMITED = Path(__file__).parents[1] / "support" / "few_threads.py"
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root on Linux can limit threads"
)


def with_threads(count: int, *words: str) -> subprocess.CompletedProcess[str]:
    """The program, which may have so many threads, the first one included."""
    started = [sys.executable, str(LIMITED), str(count), sys.executable, "-m", "numeri_cli"]
    return subprocess.run(
        [*started, *words], capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize("count", [1, 5])
def test_without_room_for_threads_it_is_refused_in_a_sentence(trained: Path, count: int) -> None:
    """OpenBLAS would interrupt the process as if by Ctrl-C, libgomp would end it."""
    done = with_threads(count, "run", "--json")
    assert done.returncode == 4, done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "threads_short"
    assert error["message"].startswith("the system lets this user or container start only ")
    assert done.stderr == ""


def test_with_little_room_the_round_goes_in_and_that_is_said(numeri: Numeri, trained: Path) -> None:
    done = with_threads(LEAST_THREADS + 4, "run")
    assert done.returncode == 0, done.stderr
    assert "what computes makes do with one, and takes longer" in done.stderr
    assert "accepted, on-time" in done.stdout
    assert numeri("status").code == 0


def test_with_room_enough_nothing_is_said_or_set() -> None:
    environment: dict[str, str] = {}
    assert require_threads(environment) is None
    assert environment == {}
    assert room_for_threads(OWN_THREADS) == OWN_THREADS
