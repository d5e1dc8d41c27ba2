"""Retraining: an errand of its own that no round waits for, and a judgement before it counts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from numeri_cli.cli.app import main
from numeri_cli.errors import LockHeld
from numeri_cli.home import Home
from numeri_cli.learning.workspace import Workspace
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.retrainings import UNDECIDED, RetrainingEntry, retrainings
from numeri_cli.locks import held_lock
from numeri_cli.log import read_log
from numeri_cli.practice.market.universe import WorldSettings
from tests.support.processes import fork
from tests.support.receiver import receiving
from tests.support.runner import Numeri
from tests.support.served import served
from tests.support.shelf import shelved
from tests.support.tournaments import SETTINGS, fresh_tournament, let_the_window_pass

LONG = WorldSettings(seed=1, stocks=600, eras=300, features=24, rivals=12)
PROFILE = """\
tournament = "practice"

[models.lighthouse]
features = "medium"
targets = ["target_ender_20"]
retrain = "1 week"

[models.lighthouse.estimator]
name = "linear:Linear"
params = { sign = 1 }
"""
LINEAR = """\
import time
from pathlib import Path

import numpy as np


class Linear:
    def __init__(self, sign=1, wait_for=None):
        self.sign, self.wait_for = sign, wait_for

    def fit(self, X, y):
        if self.wait_for:
            Path(self.wait_for + " is waited for").touch()
        while self.wait_for and not Path(self.wait_for).exists():
            time.sleep(0.02)
        self.weights = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)[0]
        return self

    def predict(self, X):
        return self.sign * (X @ self.weights)
"""


def wanting(change: str = "", by: str = "") -> None:
    """The profile, with a word of it changed, and the class it names."""
    Path("linear.py").write_text(LINEAR)
    Path("numeri.toml").write_text(PROFILE.replace(change, by) if change else PROFILE)


def started() -> Iterator[int]:
    """The processes that runs have started and that have not ended."""
    for line in read_log(Home.find().log):
        if found := re.fullmatch(r"started as process (\d+)", line.words):
            with suppress(ChildProcessError):  # it has ended, and that was noticed
                if os.waitpid(int(found[1]), os.WNOHANG) == (0, 0):
                    yield int(found[1])


@pytest.fixture(autouse=True)
def nothing_is_left_at_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process that a run started outlives its test, which systemd has not started."""
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    yield
    for process in started():
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


@pytest.fixture
def long_practice(home: Path) -> Path:
    """A practice tournament with 48 eras that a model trained on the others has not seen."""
    fresh_tournament(home / "data" / "practice", settings=LONG).close()
    return home


def after_a_run(home: Path, settings: WorldSettings) -> Path:
    """A practice tournament in the test's home, and the profile's model in its live round."""

    def make(made: Path) -> None:
        fresh_tournament(made / "data" / "practice", settings=settings).close()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NUMERI_HOME", str(made))
            assert main(["run", "--quiet"]) == 0

    wanting()
    shutil.copytree(shelved(f"after a run {settings} {PROFILE} {LINEAR}", make), home)
    return home / "data" / "practice"


@pytest.fixture
def entered(home: Path) -> Path:
    return after_a_run(home, SETTINGS)


@pytest.fixture
def long_entered(home: Path) -> Path:
    return after_a_run(home, LONG)


def artifacts(numeri: Numeri) -> list[str]:
    return [row["artifact"] for row in numeri("models", "--local", "--json").data["artifacts"]]


def entries() -> list[RetrainingEntry]:
    with Ledger.open(Home.find().ledger) as ledger:
        return list(retrainings(ledger, "practice"))


def ended(count: int = 1) -> RetrainingEntry:
    """The newest decision, once there are so many."""
    until = time.monotonic() + 300
    while True:
        decided = [one for one in entries() if one.state not in UNDECIDED]
        if len(decided) >= count:
            return decided[0]
        assert time.monotonic() < until, (Home.find().log / "retrain.log").read_text()
        time.sleep(0.1)


def at_work(wait_for: Path) -> None:
    """Wait until a retraining trains: it has all that it needs of the tournament."""
    until = time.monotonic() + 300
    while not wait_for.with_name(f"{wait_for.name} is waited for").exists():
        assert time.monotonic() < until
        time.sleep(0.1)


def at_rest() -> None:
    """Wait until no retraining is at work, nor one on its way to its lock."""
    lock, until = Home.find().lock("practice", "retrain"), time.monotonic() + 300
    while True:
        if not list(started()):
            with suppress(LockHeld), held_lock(lock, what="a test"):
                return
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("first", "second", "state"), [(1, -1, "kept the old"), (-1, 1, "adopted")]
)
def test_a_worse_candidate_is_refused_and_a_better_one_taken(
    numeri: Numeri, long_practice: Path, first: int, second: int, state: str
) -> None:
    wanting("sign = 1", f"sign = {first}")
    assert numeri("run", "--quiet").code == 0
    [old] = artifacts(numeri)
    wanting("sign = 1", f"sign = {second}")
    said = numeri("retrain", "lighthouse", "--json")
    assert said.code == 0, said.out + said.err
    [again] = said.data["models"]
    assert again["state"] == state, again
    assert "eras that neither has seen, t " in again["message"]
    kept = artifacts(numeri)
    assert kept == ([again["artifact"], old] if state == "adopted" else [old])
    assert list((long_practice / "data" / "candidates").rglob("model.json")) == []
    assert entries()[0].words == again["message"]
    [told] = numeri("run", "--json").data["retrained"]
    assert (told["state"], told["message"]) == (state, again["message"])
    assert numeri("run", "--json").data["retrained"] == []


def test_where_too_few_eras_can_judge_it_is_taken_over_and_that_is_said(
    numeri: Numeri, entered: Path
) -> None:
    with receiving() as server:
        with Path("numeri.toml").open("a") as file:
            file.write(f'[notify]\nwebhook = "{server.address}"\n')
        [again] = numeri("retrain", "lighthouse", "--json").data["models"]
    assert (again["state"], again["corr_mean"]) == ("adopted", None)
    assert again["message"].startswith("taken over unjudged: ")
    assert artifacts(numeri)[0] == again["artifact"]
    [got] = server.received
    assert (got.json["event"], got.json["models"][0]["message"]) == ("guard", again["message"])


def test_unjudged_ones_are_kept_aside_where_the_guard_refuses_them(
    numeri: Numeri, entered: Path
) -> None:
    old = artifacts(numeri)
    with Path("numeri.toml").open("a") as file:
        file.write('[guard]\nunjudged = "refuse"\n')
    said = numeri("retrain", "lighthouse", "--json")
    [aside] = said.data["models"]
    assert (said.code, aside["state"]) == (1, "kept aside")
    assert artifacts(numeri) == old
    [again] = numeri("retrain", "lighthouse", "--json").data["models"]
    assert (again["state"], again["artifact"]) == ("kept aside", aside["artifact"])
    numeri("practice", "advance", "--rounds", "6")  # a period has passed
    [later] = numeri("retrain", "--json").data["models"]
    assert (later["state"], later["artifact"] == aside["artifact"]) == ("kept aside", False)
    wanting()
    [again] = numeri("retrain", "lighthouse", "--json").data["models"]
    assert (again["state"], again["artifact"]) == ("adopted", later["artifact"])  # not made anew
    assert artifacts(numeri) == [later["artifact"], *old]


def test_a_run_starts_what_is_due_in_a_process_of_its_own_and_the_next_tells_of_it(
    numeri: Numeri, practice: Path
) -> None:
    wanting()
    first = numeri("run", "--json").data
    assert first["retrained"] == []
    [old] = artifacts(numeri)
    numeri("practice", "advance")
    run = numeri("run", "--json").data
    assert (run["models"][0]["state"], run["models"][0]["artifact"]) == ("accepted", old)
    assert [one["state"] for one in run["retrained"]] == ["started"]
    decided = ended()
    at_rest()
    assert decided.state == "adopted"
    logged = {one["command"]: one for one in numeri("log", "--json").data["runs"]}
    assert logged["retrain"]["run"] != logged["run"]["run"]
    assert logged["retrain"]["exit_code"] == 0
    [told] = numeri("run", "--json").data["retrained"]
    assert (told["state"], told["artifact"]) == ("adopted", decided.artifact)
    assert artifacts(numeri) == [decided.artifact, old]


def test_a_retraining_that_lasts_longer_than_a_day_stops_no_round(
    numeri: Numeri, entered: Path, tmp_path: Path
) -> None:
    [old] = artifacts(numeri)
    wanting("sign = 1", f'sign = 1, wait_for = "{tmp_path}/done"')
    numeri("practice", "advance")
    began = server_time(numeri)
    assert [one["state"] for one in numeri("run", "--json").data["retrained"]] == ["started"]
    at_work(tmp_path / "done")
    for _ in range(2):
        numeri("practice", "advance")
        run = numeri("run", "--json").data
        assert (run["models"][0]["state"], run["models"][0]["artifact"]) == ("accepted", old)
        assert [one["state"] for one in run["retrained"]] == ["at work"], run["retrained"]
    assert server_time(numeri) - began >= timedelta(hours=26)
    assert "lock_stuck" not in numeri("doctor", "--json").out
    (tmp_path / "done").touch()
    decided = ended()
    assert decided.state == "adopted"
    at_rest()
    numeri("practice", "advance")
    assert numeri("run", "--json").data["models"][0]["artifact"] == decided.artifact
    at_rest()


def server_time(numeri: Numeri) -> datetime:
    return datetime.fromisoformat(numeri("status", "--json").data["now"])


def test_a_retraining_is_due_after_a_closed_round_too(numeri: Numeri, entered: Path) -> None:
    numeri("practice", "advance")
    with served(entered) as server:
        let_the_window_pass(server.tournament)
    closed = numeri("run")
    assert closed.code == 6
    assert "lighthouse is due for training: started" in closed.err
    assert ended().state == "adopted"
    at_rest()
    assert numeri("run", "--quiet").code == 6  # it has no record that could tell of it
    numeri("practice", "advance")
    with receiving() as receiver:
        with Path("numeri.toml").open("a") as file:
            file.write(f'[notify]\nwebhook = "{receiver.address}"\non = ["success"]\n')
        [told] = numeri("run", "--json").data["retrained"]
    assert told["state"] == "adopted"
    [got] = receiver.received
    sent, again = got.json["models"]
    assert (sent["state"], again["state"]) == ("accepted", "adopted")
    assert again["message"] == told["message"] == entries()[0].words


def test_never_is_never(numeri: Numeri, practice: Path) -> None:
    wanting('"1 week"', '"never"')
    assert numeri("run").code == 0
    numeri("practice", "advance", "--rounds", "5")
    assert numeri("run", "--json").data["retrained"] == []
    assert numeri("retrain", "--json").data["models"] == []
    assert len(artifacts(numeri)) == 1


def test_a_retraining_does_not_begin_beside_a_training_of_the_same_model(
    numeri: Numeri, entered: Path
) -> None:
    first = artifacts(numeri)
    workspace = Workspace(Home.find(), "practice", Path("v5.3"))
    with held_lock(workspace.lock("lighthouse"), what="a training of lighthouse"):
        said = numeri("retrain", "lighthouse", "--json")
    [again] = said.data["models"]
    assert (said.code, again["state"], again["artifact"]) == (5, "failed", None)
    assert again["message"] == "a training of lighthouse is already at work"
    assert artifacts(numeri) == first
    [again] = numeri("retrain", "lighthouse", "--json").data["models"]
    assert again["state"] == "adopted"
    assert not list(Home.find().models("practice").glob("lighthouse/.*"))


def test_two_retrainings_do_not_meet(numeri: Numeri, practice: Path) -> None:
    wanting()
    with held_lock(Home.find().lock("practice", "retrain"), what="a test"):
        assert numeri("retrain", "--quiet").code == 5


def test_one_that_takes_too_long_is_ended(numeri: Numeri, entered: Path, tmp_path: Path) -> None:
    old = artifacts(numeri)
    wanting('"1 week"', '"1 week"\nretrain_hours = 0.001')
    text = Path("numeri.toml").read_text()
    Path("numeri.toml").write_text(text.replace("sign = 1", f'wait_for = "{tmp_path}/never"'))
    said = numeri("retrain", "lighthouse", "--json")
    assert said.code == 4
    assert said.problem["code"] == "retraining_overdue"
    assert entries()[0].state == "failed"
    assert artifacts(numeri) == old


STEPS = (
    "retraining",
    "artifact_vouched",
    "artifact_saved",
    "candidate_trained",
    "candidate_judged",
    "candidate_adopted",
    "retrained",
)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_a_round_is_served_and_the_next_retraining_ends_it(
    numeri: Numeri, entered: Path, step: str
) -> None:
    old = artifacts(numeri)
    done = fork("tests.support.killed_retraining", step).ended()
    assert done.code == 9, done.err
    numeri("practice", "advance")
    run = numeri("run", "--json")
    assert (run.code, run.data["models"][0]["state"]) == (0, "accepted")
    told = {one["state"]: one["message"] for one in run.data["retrained"]}
    if step in ("candidate_adopted", "retrained"):
        assert told["adopted"].startswith("taken over unjudged")
    else:
        assert "came to no end: it crashed or was killed" in told["failed"]
    at_rest()
    assert numeri("retrain", "lighthouse", "--quiet").code == 0
    assert numeri("run", "--quiet").code == 0
    at_rest()
    assert len(artifacts(numeri)) > len(old)
    assert list((entered.parent / "candidates").rglob("model.json")) == []
    numeri("practice", "advance")
    wanting('"1 week"', '"never"')  # else the run would start one more, which makes another
    said = numeri("run", "--json")
    assert said.code == 0, said.out + said.err
    last = said.data["models"][0]
    assert (last["state"], last["artifact"]) == ("accepted", artifacts(numeri)[0])


def test_killed_after_a_refusal_the_refused_one_is_not_judged_again(
    numeri: Numeri, long_entered: Path
) -> None:
    [old] = artifacts(numeri)
    wanting("sign = 1", "sign = -1")
    done = fork("tests.support.killed_retraining", "candidate_refused").ended()
    assert done.code == 9, done.err
    refused = entries()[0]
    assert refused.state == "kept the old"
    assert artifacts(numeri) == [old]
    [again] = numeri("retrain", "lighthouse", "--json").data["models"]
    assert again["state"] == "kept the old"
    assert entries()[0].artifact != refused.artifact
    assert list((long_entered.parent / "candidates").rglob("model.json")) == []


def test_killed_between_the_ledger_and_the_rename_it_is_adopted_by_the_next(
    numeri: Numeri, entered: Path
) -> None:
    [again] = numeri("retrain", "lighthouse", "--json").data["models"]
    home = Home.find()
    place = home.models("practice") / "lighthouse" / again["artifact"]
    back = home.data / "candidates" / "practice" / "lighthouse" / again["artifact"]
    place.rename(back)  # as if it had been killed before
    assert numeri("run", "--quiet").code == 0
    ended()
    until = time.monotonic() + 300
    while not place.is_dir():
        assert time.monotonic() < until
        time.sleep(0.1)
    at_rest()


def test_under_systemd_a_retraining_is_a_unit_of_its_own(
    numeri: Numeri, practice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "systemd-run"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/words; env >> {tmp_path}/words\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("INVOCATION_ID", "0123456789abcdef")
    monkeypatch.setenv("NUMERAI_SECRET_KEY", "NEVERINARGV")
    wanting()
    assert numeri("run", "--quiet").code == 0
    numeri("practice", "advance")
    assert [one["state"] for one in numeri("run", "--json").data["retrained"]] == ["started"]
    words = (tmp_path / "words").read_text().splitlines()
    assert "--user" in words
    assert any(word.startswith("--unit=numeri-retrain-") for word in words)
    assert f"--setenv=NUMERI_HOME={Home.find().data.parent}" in words
    profile = str(Path("numeri.toml").absolute())
    start = words.index("retrain")
    assert words.index("--") < start
    assert words[start : start + 3] == ["retrain", "--profile", profile]
    assert "NEVERINARGV" not in " ".join(words)
    program.write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")
    numeri("practice", "advance")
    with receiving() as server:
        with Path("numeri.toml").open("a") as file:
            file.write(f'[notify]\nwebhook = "{server.address}"\n[guard]\ntarget = "off"\n')
        [again] = numeri("run", "--json").data["retrained"]
    assert (again["state"], again["message"]) == ("failed", "`systemd-run --user` refused: no bus")
    [got] = server.received
    assert got.json["event"] == "guard"
    assert got.json["models"][1]["message"] == again["message"]
