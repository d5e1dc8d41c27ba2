"""In one run a model's contract and the file of features are each opened once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.runner import Numeri

COUNTING = """
import sys
opened = []

def hear(event, details):
    if event == "open" and details[1] and "r" in details[1]:
        name = str(details[0]).rpartition("/")[2]
        if name in ("model.json", "features.json"):
            opened.append(name)

sys.addaudithook(hear)
from numeri_cli.__main__ import main
sys.argv = ["numeri", *sys.argv[1:]]
try:
    main()
finally:
    sys.stderr.write("\\nOPENED " + " ".join(opened) + "\\n")
"""


def opened(*words: str) -> Counter[str]:
    """How often a call of the program reads these files."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTING, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("OPENED")]
    return Counter(line.split()[1:])


@pytest.mark.usefixtures("trained", "profile")
def test_a_run_opens_a_trained_models_contract_and_the_features_once(numeri: Numeri) -> None:
    assert numeri("download", "validation").code == 0
    assert opened("run", "--quiet") == Counter({"model.json": 1, "features.json": 1})


@pytest.mark.usefixtures("trained", "profile")
def test_a_validation_opens_a_trained_models_contract_and_the_features_once(
    numeri: Numeri, tmp_path: Path
) -> None:
    assert numeri("download", "validation", "features").code == 0
    counted = opened("validate", "lighthouse", "--quiet")
    assert counted == Counter({"model.json": 1, "features.json": 1})
