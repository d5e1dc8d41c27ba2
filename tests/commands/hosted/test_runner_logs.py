"""The line of a log that matters, and what it means: what participants fell over."""

from __future__ import annotations

import re

import pytest

from numeri_cli.commands.hosted.runner_logs import REASONS, line_that_matters, reason_of
from tests.support.runner import Numeri

AROUND = ("Downloading live_benchmark_models.parquet", "Loading the model", "exit status 1")


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("ModuleNotFoundError: No module named 'my_features'", "takes a module by its name"),
        ("SystemError: unknown opcode", "another Python"),
        ("Fatal Python error: Segmentation fault", "another Python"),
        ("TypeError: code() argument 13 must be str, not int", "another Python"),
        ("TypeError: _function_setstate() missing 1 argument", "another cloudpickle"),
        ("Killed", "more than the 4 GB"),
        ("numpy.core._exceptions._ArrayMemoryError: Unable to allocate 3 GiB", "4 GB"),
        ("The function was stopped after 10 minutes: timed out", "longer than the 10 minutes"),
        ("urllib.error.URLError: <urlopen error [Errno -2]>", "asks the network"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'", "reads a file"),
        ("lightgbm.basic.LightGBMError: Booster handle is None", "booster did not come through"),
        ("Exception: predictions contain NaN", "no good submission"),
    ],
)
def test_the_telling_line_is_found_among_others_and_understood(line: str, meaning: str) -> None:
    log = (*AROUND[:2], "Traceback (most recent call last):", '  File "x.py", line 1', line)
    assert line_that_matters((*log, AROUND[2])) == line
    reason = reason_of(line)
    assert reason is not None
    assert meaning in reason.meaning


def test_of_a_log_that_names_no_error_the_last_line_tells_and_an_empty_one_tells_nothing() -> None:
    assert line_that_matters(AROUND[:2]) == AROUND[1]
    assert reason_of(AROUND[1]) is None
    assert line_that_matters(("", "  ")) is None
    assert line_that_matters((*AROUND[:2], "the upload was refused", "bye")) == (
        "the upload was refused"
    )


def test_every_option_that_a_cure_names_is_one_of_upload(numeri: Numeri) -> None:
    named = {option for one in REASONS for option in re.findall(r"--[a-z-]+", one.cure)}
    assert "--python" in named
    known = set(re.findall(r"--[a-z-]+", numeri("hosted", "upload", "--help").out))
    assert named <= known
