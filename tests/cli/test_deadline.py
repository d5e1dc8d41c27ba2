"""A run ends: by its deadline in Python, from outside where native code holds on to everything."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from numeri_cli.home import Home
from numeri_cli.locks import held_lock
from numeri_cli.log import LogLine, read_log
from numeri_cli.practice.tournament import Tournament
from tests.support.processes import await_truth, fork
from tests.support.receiver import Receiver, receiving
from tests.support.runner import Numeri
from tests.support.tournaments import set_clock

pytestmark = pytest.mark.waits

SECONDS, HOURS = 25, 0.007  # until the run hangs, on a machine that is slow

PROFILE = """\
tournament = "practice"

[models.lighthouse]
features = "small"
targets = ["target_ender_20"]
retrain_hours = {hours}

[models.lighthouse.estimator]
name = "stuck:Stuck"
params = {{ in_fit = {in_fit} }}

[notify]
webhook = "{address}/hidden"
"""
# a lock taken twice waits for ever, whatever signal comes; PyDLL keeps Python's own lock meanwhile
STUCK = """\
import ctypes
import time
from pathlib import Path


def hang():
    Path("hangs").touch()
    {hang}


class Stuck:
    def __init__(self, in_fit=False):
        self.in_fit = in_fit

    def fit(self, X, y):
        if self.in_fit:
            hang()
        return self

    def predict(self, X):
        hang()
"""
IN_PYTHON = "while True: time.sleep(0.1)"
IN_C = """
    library, mutex = ctypes.{library}(None), ctypes.create_string_buffer(256)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)
"""
HOLDING_PYTHONS_LOCK, LETTING_IT_GO = IN_C.format(library="PyDLL"), IN_C.format(library="CDLL")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def stuck(receiver: Receiver, hang: str, *, in_fit: bool = False) -> None:
    """A profile whose model hangs like that, and that names the receiver."""
    Path("stuck.py").write_text(STUCK.format(hang=hang))
    text = PROFILE.format(in_fit=str(in_fit).lower(), address=receiver.address, hours=HOURS)
    Path("numeri.toml").write_text(text)


def ends() -> list[LogLine]:
    """The last lines of the commands that have one."""
    return [line for line in read_log(Home.find().log) if line.event == "end"]


def lock_is_free(practice: Path) -> bool:
    public_id, _ = Tournament.open(practice).participant_keys()
    with held_lock(Home.find().lock("practice", public_id), what="a test"):
        return True


def test_a_predict_that_never_returns_is_ended_at_the_timeout_and_told(
    numeri: Numeri, practice: Path, receiver: Receiver
) -> None:
    stuck(receiver, IN_PYTHON)
    assert numeri("train").code == 0
    began = time.monotonic()
    said = numeri("run", "--timeout", "8s", "--json")
    assert Path("hangs").exists()
    assert said.code == 4, said.out
    assert said.problem["code"] == "run_overdue"
    assert said.problem["message"] == "the run was not done after 8 seconds"
    assert time.monotonic() - began >= 8
    [got] = receiver.received
    assert (got.json["event"], got.json["code"]) == ("failure", "run_overdue")
    assert ends()[-1].exit_code == 4
    assert lock_is_free(practice)


def test_a_hang_ends_when_its_round_closes(
    numeri: Numeri, practice: Path, receiver: Receiver
) -> None:
    stuck(receiver, IN_PYTHON)
    assert numeri("train").code == 0
    tournament = Tournament.open(practice)
    left = tournament.status().closes_at - tournament.now()
    set_clock(tournament, left - timedelta(seconds=2))
    tournament.close()
    said = numeri("run", "--json")
    assert Path("hangs").exists()
    assert (said.code, said.problem["code"]) == (4, "run_overdue")
    assert said.problem["message"].endswith("closed before the run was done")
    assert receiver.received[0].json["code"] == "run_overdue"
    assert lock_is_free(practice)


def test_native_code_that_never_returns_is_ended_from_outside_and_told(
    numeri: Numeri, practice: Path, receiver: Receiver
) -> None:
    """A run and a retraining at once, each by a deadline of its own."""
    stuck(receiver, "return")
    assert numeri("train").code == 0
    stuck(receiver, HOLDING_PYTHONS_LOCK)
    run = fork("numeri_cli", "run", "--timeout", f"{SECONDS}s", "--json")
    await_truth(Path("hangs").exists, "the hanging run")
    Path("hangs").unlink()
    stuck(receiver, LETTING_IT_GO, in_fit=True)
    retraining = fork("numeri_cli", "retrain", "lighthouse")
    said = run.ended()
    assert said.code == 4
    assert (said.json["status"], said.problem["code"]) == ("failed", "run_overdue")
    assert lock_is_free(practice)
    said = retraining.ended()
    assert Path("hangs").exists()
    assert said.code == 4
    assert f"\nerror: the retraining took longer than {HOURS} hours\nhint:  raise" in said.err
    await_truth(lambda: len(receiver.received) == 2, "the messages")
    await_truth(lambda: len(ends()) == 3, "the ends")
    told = {(one.json["event"], one.json["code"]) for one in receiver.received}
    assert told == {("failure", "run_overdue"), ("failure", "retraining_overdue")}
    began = {line.run for line in read_log(Home.find().log) if line.event == "begin"}
    assert {line.run for line in ends()} == began  # whoever writes it down
    assert sorted(line.exit_code or 0 for line in ends()) == [0, 4, 4]


@pytest.mark.parametrize("timeout", ["soon", "0s", "-1m"])
def test_a_timeout_that_is_no_duration_is_refused(
    numeri: Numeri, practice: Path, timeout: str
) -> None:
    said = numeri("run", f"--timeout={timeout}", "--tournament", "practice", "--json")
    assert said.code == 2
    assert said.problem["code"] == "usage"


def test_sigterm_ends_native_code_that_holds_pythons_lock_and_that_is_told(
    numeri: Numeri, practice: Path, receiver: Receiver
) -> None:
    stuck(receiver, HOLDING_PYTHONS_LOCK)
    assert numeri("train").code == 0
    run = fork("numeri_cli", "run", "--json")
    await_truth(Path("hangs").exists, "the hanging run")
    time.sleep(1)  # from the file to the lock is one step of Python's, at which it hears signals
    began = time.monotonic()
    run.send_signal(signal.SIGTERM)
    said = run.ended()
    assert time.monotonic() - began < 60  # 4.2 s on an idle machine
    assert said.code == -signal.SIGKILL
    await_truth(lambda: receiver.received, "the message")
    assert receiver.received[0].json["code"] == "terminated"
    await_truth(lambda: ends()[-1].exit_code == 143, "the end")
    assert lock_is_free(practice)
