"""Opening a class of somebody's runs code: what was trained here is known, however it ends.

A process is killed between any two steps of a training; a ledger is lost; a folder comes from
elsewhere.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.damages import replaced
from tests.support.refusals import refused
from tests.support.runner import Numeri

CLASS = """\
import numpy as np

class Linear:
    def fit(self, X, y):
        self.weights = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)[0]
        return self

    def predict(self, X):
        return X @ self.weights
"""
PROFILE = """\
tournament = "practice"

[models.lighthouse]
features = "small"
targets = ["target_ender_60"]
neutralize = { proportion = 0 }

[models.lighthouse.estimator]
name = "straight:Linear"
"""
KILLED = """\
import os, signal, sys
from numeri_cli.commands.context import Context
from numeri_cli.commands.train import train
from numeri_cli.home import Home
from numeri_cli.progress import Silent

class Killing(Silent):
    def step(self, name):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGKILL)

train(Context(home=Home.find(), listener=Killing()), [])
"""


@pytest.fixture
def own_class(practice: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile whose model is a class beside it; the home."""
    monkeypatch.delitem(sys.modules, "straight", raising=False)
    Path("straight.py").write_text(CLASS)
    Path("numeri.toml").write_text(PROFILE)
    return practice.parent.parent


def artifacts(home: Path) -> list[Path]:
    return sorted((home / "data" / "models" / "practice" / "lighthouse").glob("2*"))


@pytest.mark.parametrize("step", ["trained", "artifact_vouched", "artifact_saved"])
def test_a_training_killed_at_a_step_leaves_nothing_that_cannot_be_opened(
    numeri: Numeri, own_class: Path, step: str
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, step], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    assert len(artifacts(own_class)) == (step == "artifact_saved")
    said = numeri("run", "--json")
    assert said.code == 0, said
    assert said.data["models"][0]["state"] == "accepted"
    assert len(artifacts(own_class)) == 1
    assert not list(artifacts(own_class)[0].parent.glob(".*.part"))


def test_a_lost_ledger_costs_no_model_its_round(numeri: Numeri, own_class: Path) -> None:
    assert numeri("train", "--quiet").code == 0
    replaced(own_class / "data" / "ledger.sqlite")
    said = numeri("run", "--json")
    assert said.code == 0, said
    assert said.data["models"][0]["state"] == "accepted"


def test_a_lost_ledger_vouches_for_nothing_that_came_from_elsewhere(
    numeri: Numeri, own_class: Path
) -> None:
    assert numeri("train", "--quiet").code == 0
    (own,) = artifacts(own_class)
    name = own.name.replace("2", "9", 1)  # a later one
    foreign = own.with_name(name)
    shutil.copytree(own, foreign)
    contract = json.loads((foreign / "model.json").read_text())
    contract["artifact_id"] = name
    (foreign / "model.json").write_text(json.dumps(contract))
    replaced(own_class / "data" / "ledger.sqlite")
    said = numeri("predict", "--json")
    refused(
        said,
        exit_code=1,
        code="artifact_damaged",
        sentence="the ledger does not know",
        cure="train the model on this machine",
    )
