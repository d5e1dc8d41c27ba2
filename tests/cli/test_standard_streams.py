"""Standard output belongs to the record, and no stream of the process can keep a round from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from numeri_cli.log import read_log
from tests.support.closed_rounds import close_round
from tests.support.runner import Numeri

LOUD = """
import ctypes, os, subprocess, sys
import numpy as np

print("imported aloud")

class Loud:
    def fit(self, X, y):
        print("fitted aloud")
        sys.__stdout__.write("past the wrapper\\n")
        os.write(1, b"to the descriptor\\n")
        ctypes.CDLL(None).puts(b"from C")
        subprocess.run(["echo", "from a child"], check=True)
        self.mean = float(np.mean(y))
        return self

    def predict(self, X):
        print("predicted aloud")
        return X[:, 0] + self.mean

    def __getstate__(self):
        print("saved aloud")
        return self.__dict__

    def __setstate__(self, state):
        print("loaded aloud")
        self.__dict__.update(state)
"""
SAID = (
    "imported aloud",
    "fitted aloud",
    "past the wrapper",
    "to the descriptor",
    "from C",
    "from a child",
    "predicted aloud",
    "saved aloud",
    "loaded aloud",
)
LOUD_PROFILE = """
tournament = "practice"
[models.lighthouse]
features = "small"
[models.lighthouse.estimator]
name = "loud:Loud"
"""


def started(redirections: str, *words: str, **environment: str) -> int:
    """The exit code of the program, started by a shell with these redirections."""
    command = f'"$0" -m numeri_cli "$@" {redirections}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, *words],
        env={**os.environ, **environment},
        timeout=300,
        check=False,
    )
    return done.returncode


def accepted(numeri: Numeri) -> bool:
    return numeri("status").code == 0


@pytest.fixture
def loud(practice: Path) -> None:
    Path("loud.py").write_text(LOUD)
    Path("numeri.toml").write_text(LOUD_PROFILE)


def test_what_a_class_prints_goes_to_the_log_and_json_is_one_object(
    loud: None, home: Path, numeri_process: Numeri
) -> None:
    said = numeri_process("run", "--json")
    assert said.code == 0, said.out
    assert json.loads(said.out)["data"]["models"][0]["state"] == "accepted"
    assert said.err == ""
    printed = {line.words for line in read_log(home / "log") if line.event == "printed"}
    assert printed >= set(SAID)


def test_verbose_shows_on_standard_error_what_a_class_prints(
    loud: None, numeri_process: Numeri
) -> None:
    said = numeri_process("train", "--json", "--verbose")
    assert said.code == 0, said.out
    assert said.json["status"] == "done"
    assert {"fitted aloud", "from C", "from a child"} <= set(said.err.splitlines())


def test_an_output_of_another_encoding_costs_no_exit_code(
    trained: Path, numeri: Numeri, numeri_process: Numeri
) -> None:
    said = numeri_process("run", PYTHONIOENCODING="latin-1")
    assert said.code == 0, said.err
    assert accepted(numeri)
    said = numeri_process("log", "--json", PYTHONIOENCODING="ascii")
    assert said.json["status"] == "done"


def test_a_closed_standard_output_costs_no_submission(trained: Path, numeri: Numeri) -> None:
    assert started(">&-", "run") == 0
    assert accepted(numeri)


def test_standard_error_on_a_full_disk_costs_no_round(trained: Path, numeri: Numeri) -> None:
    assert started("2>/dev/full", "run", "--verbose") == 0
    assert accepted(numeri)


@pytest.mark.waits
def test_waiting_goes_on_where_it_cannot_be_told(trained: Path, numeri: Numeri) -> None:
    """No round is open: only the end of the wait ends the run, with the code that says so."""
    close_round(trained)
    began = time.monotonic()
    assert started("2>/dev/full", "run", "--wait", "4s", "--verbose") == 6
    assert time.monotonic() - began >= 4
