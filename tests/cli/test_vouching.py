"""Opening a class of somebody's runs code: what was trained here is known, however it ends.

A process is killed between any two steps of a training; a ledger is lost; a folder comes from
elsewhere.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from numeri_cli.ledger.ledger import Ledger
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


SAVING = """\
import json, os, signal, sys
from functools import partial
from pathlib import Path
from numeri_cli.learning.artifact import Artifact
from numeri_cli.ledger.entries import TrainedModel
from numeri_cli.ledger.recovery import Recovery
from datetime import UTC, datetime

own, home = Path(sys.argv[1]), Path(sys.argv[2])
EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect")
artifact = Artifact.open(own, tournament="practice")
files = {x.file: (own / x.file).read_bytes() for x in artifact.contract.members}

def save(number):
    left = number
    contract = artifact.contract.model_copy(update={"artifact_id": f"29990101T0000{number:02d}-a"})

    def watch(event, _):
        nonlocal left
        if event in EVENTS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def vouch(one):
        with Recovery(home / "data" / "ledger.sqlite", print).open() as ledger:
            ledger.keep_model(TrainedModel(
                tournament="practice", model="lighthouse", artifact=one.contract.artifact_id,
                digest=one.digest, time=datetime.now(UTC)))

    sys.addaudithook(watch)
    Artifact.save(own.parent, contract, files, vouch=vouch)

ends = []
for number in range(1, 99):
    child = os.fork()
    if not child:
        save(number)
        os._exit(0)
    ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    if ends[-1] == 0:
        break
print(json.dumps(ends))
"""


def test_killed_at_any_touch_of_the_disk_what_has_a_name_is_vouched_for(
    numeri: Numeri, own_class: Path
) -> None:
    assert numeri("train", "--quiet").code == 0
    (own,) = artifacts(own_class)
    words = [sys.executable, "-c", SAVING, str(own), str(own_class)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    ends = json.loads(done.stdout.splitlines()[-1])
    assert ends == [-9] * (len(ends) - 1) + [0]
    assert len(ends) > 8
    with Ledger.open(own_class / "data" / "ledger.sqlite") as ledger:
        vouched = {one.artifact: one.digest for one in ledger.models("practice")}
    named = artifacts(own_class)
    assert 2 <= len(named) < len(ends)  # the first and the last; the others were killed in between
    for folder in named:
        assert vouched[folder.name] == sha256((folder / "model.json").read_bytes()).hexdigest()
    said = numeri("run", "--json")
    assert said.code == 0, said
    assert said.data["models"][0]["artifact"] == named[-1].name
