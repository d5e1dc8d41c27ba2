"""Two runs at once, and a run that is asked to stop."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.support.bench import PROFILE, Bench, numeri
from tests.support.processes import ended, fork, start
from tests.support.said import Said
from tests.support.steps import Fault, Step

pytestmark = pytest.mark.waits

SOON = 4.0  # seconds
ENDS = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated")}
STOPS = [
    (signal.SIGINT, Step.ROUNDS),
    (signal.SIGTERM, Step.HELD),
    (signal.SIGTERM, Step.DOWNLOAD),
    (signal.SIGINT, Step.UPLOAD),
    (signal.SIGTERM, Step.CREATE),
    (signal.SIGINT, Step.CREATE),
    (signal.SIGTERM, Step.STATUS),
]


@pytest.fixture
def patient(bench: Bench) -> None:
    """A profile that waits longer than a test takes."""
    bench.allow(seconds=60.0)


@pytest.mark.usefixtures("patient")
def test_of_two_runs_at_once_one_works_and_one_exits_with_5(bench: Bench, home: Path) -> None:
    bench.proxy.spoil(Step.MODELS, Fault.SILENCE)
    first = start("numeri_cli", "run")
    bench.proxy.await_fault(Step.MODELS, Fault.SILENCE)
    second = numeri("run", "--json")
    third = fork("numeri_cli", "run").ended()
    bench.proxy.lift()
    assert ended(first).code == 0
    assert second.code == 5
    assert second.json["status"] == "refused"
    assert second.problem["code"] == "lock_held"
    assert "already at work" in second.problem["message"]
    assert third.code == 5
    assert "already at work" in third.err
    bench.require_no_halves(home)
    bench.require_exactly_one(home)


def test_two_runs_that_start_together_never_double(bench: Bench, home: Path) -> None:
    runs = [fork("numeri_cli", "run") for _ in range(3)]
    codes = [one.ended().code for one in runs]
    assert 0 in codes
    assert set(codes) <= {0, 5}
    bench.require_no_halves(home)
    bench.require_exactly_one(home)


def require_stopped(said: Said, number: signal.Signals) -> None:
    """One sentence, one cure, the code of the signal."""
    code, word = ENDS[number]
    assert said.code == code, said.err
    first, second = said.err.splitlines()
    assert first == f"error: {word}"
    assert second.startswith("hint:")


def require_finished_by_the_next(bench: Bench, home: Path) -> None:
    """Nothing is half; the same command again does the rest."""
    bench.require_no_halves(home)
    bench.proxy.lift()
    # how long what was sent may still be on its way to the server
    bench.allow(seconds=SOON, poll_seconds=0.2)
    again = numeri("run")
    assert again.code == 0, again.err
    bench.require_no_halves(home)
    bench.require_exactly_one(home)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(("number", "step"), STOPS)
def test_a_run_that_is_asked_to_stop_says_so_and_leaves_no_halves(
    bench: Bench, home: Path, number: signal.Signals, step: Step
) -> None:
    bench.proxy.spoil(step, Fault.SILENCE)
    running = fork("numeri_cli", "run")
    bench.proxy.await_fault(step, Fault.SILENCE)
    running.send_signal(number)
    require_stopped(running.ended(), number)
    require_finished_by_the_next(bench, home)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("number", ENDS)
def test_a_program_started_anew_stops_as_well(
    bench: Bench, home: Path, number: signal.Signals
) -> None:
    bench.proxy.spoil(Step.CREATE, Fault.SILENCE)
    running = start("numeri_cli", "run")
    bench.proxy.await_fault(Step.CREATE, Fault.SILENCE)
    running.send_signal(number)
    require_stopped(ended(running), number)
    require_finished_by_the_next(bench, home)


@pytest.mark.parametrize("number", ENDS)
def test_a_training_that_is_asked_to_stop_leaves_no_half_a_model(
    bench: Bench, home: Path, number: signal.Signals
) -> None:
    models = home / "data" / "models"
    shutil.rmtree(models)
    Path("numeri.toml").write_text(PROFILE.replace("= 3,", "= 1_000_000,", 1), encoding="utf-8")
    running = fork("numeri_cli", "run")
    until = time.monotonic() + 300
    while not list(home.joinpath("cache").rglob("*.bin*")):
        assert time.monotonic() < until, "no training began"
        time.sleep(0.01)
    time.sleep(0.5)  # into the growing of trees
    running.send_signal(number)
    require_stopped(running.ended(), number)
    assert [path for path in models.rglob("model.json") if path.parent.name[0] != "."] == []
    Path("numeri.toml").write_text(PROFILE, encoding="utf-8")
    require_finished_by_the_next(bench, home)
