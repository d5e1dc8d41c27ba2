"""SIGKILL at every named step, and in the midst of every transfer: the next run mends it all."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from numeri_cli.ledger.ledger import Ledger
from tests.support.bench import Bench, numeri
from tests.support.processes import fork
from tests.support.steps import Fault, Step

pytestmark = pytest.mark.waits

DRIVER = "tests.faults.driver"
LIVE = "v5.3/live.parquet"
OF_TRAINING = (
    "downloaded",
    "binned_built",
    "leg_0_done",
    "trained",
    "artifact_vouched",
    "artifact_saved",
)
OF_THE_ROUND = (
    "downloaded",
    "predicted",
    "round_checked",
    "upload_authorized",
    "uploaded",
    "submission_created",
    "submission_settled",
    "submission_confirmed",
)


def require_killed_at(place: str, *, wait: str = "0s") -> None:
    """The driver was killed there, and nowhere else."""
    said = fork(DRIVER, place, wait).ended()
    name, _, count = place.partition(":")
    passed = said.out.split()
    assert said.code == -signal.SIGKILL, said.err
    assert passed[-1] == name
    assert passed.count(name) == int(count or 1)


def require_mended(bench: Bench, home: Path) -> None:
    """The command as it is comes through now, and has doubled nothing."""
    bench.require_no_halves(home)
    again = numeri("run", "--json")
    assert again.code == 0, again.out
    bench.require_no_halves(home)
    bench.require_exactly_one(home)
    assert numeri("run", "--json").model["state"] == "already accepted"
    bench.require_exactly_one(home)


def untrain(bench: Bench, home: Path) -> None:
    """No model, no features: the next run has everything to do."""
    shutil.rmtree(home / "data" / "models")
    shutil.rmtree(home / "data" / "datasets")


@pytest.mark.parametrize("place", OF_THE_ROUND)
def test_a_run_killed_at_a_step_is_mended_by_the_next(bench: Bench, home: Path, place: str) -> None:
    require_killed_at(place)
    require_mended(bench, home)


@pytest.mark.parametrize("place", OF_TRAINING)
def test_a_training_run_killed_at_a_step_is_mended_by_the_next(
    bench: Bench, home: Path, place: str
) -> None:
    untrain(bench, home)
    require_killed_at(place)
    require_mended(bench, home)
    kept = home / "data" / "models" / bench.key / "lighthouse"
    assert len([one for one in kept.iterdir() if not one.name.startswith(".")]) == 1


def test_these_are_all_the_steps_there_are(bench: Bench, home: Path) -> None:
    untrain(bench, home)
    said = fork(DRIVER, "none").ended()
    assert said.code == 0, said.err
    named = {place.partition(":")[0] for place in (*OF_TRAINING, *OF_THE_ROUND)}
    assert set(said.out.split()) == named


def test_a_run_killed_while_it_waits_for_the_round_is_mended_by_the_next(
    bench: Bench, home: Path
) -> None:
    bench.set_clock(bench.closes_at + timedelta(hours=1))
    require_killed_at("waiting_for_round", wait="1h")
    bench.set_clock(bench.clock)
    require_mended(bench, home)


def test_a_run_killed_while_it_waits_for_live_data_is_mended_by_the_next(
    bench: Bench, home: Path
) -> None:
    assert numeri("run").code == 0
    bench.wipe()
    ledger = home / "data" / "ledger.sqlite"
    with closing(sqlite3.connect(ledger)) as connection:
        [(digest,)] = connection.execute("SELECT digest FROM live_ids").fetchall()
    with Ledger.open(ledger) as known:  # as if the file were still that of the round before
        known.keep_live_ids(bench.key, LIVE, round_number=60, digest=digest)
    require_killed_at("waiting_for_live_data", wait="1h")
    assert bench.held() == []
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("DELETE FROM live_ids WHERE round_number = 60")
    require_mended(bench, home)


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.LOOK])
def test_a_run_killed_between_a_request_and_the_end_of_its_answer_is_mended_by_the_next(
    bench: Bench, home: Path, step: Step
) -> None:
    bench.proxy.spoil(step, Fault.DRIP)
    running = fork("numeri_cli", "run")
    bench.proxy.await_fault(step, Fault.DRIP)
    bench.proxy.await_answer(step)  # where it changes something, the server has acted by now
    running.send_signal(signal.SIGKILL)
    assert running.ended().code == -signal.SIGKILL
    bench.proxy.lift()
    require_mended(bench, home)


def test_what_the_server_hears_only_after_the_next_run_began_is_not_sent_again(
    bench: Bench, home: Path
) -> None:
    came, may_go_on = threading.Event(), threading.Event()

    def dawdle() -> None:
        came.set()
        assert may_go_on.wait(300)

    bench.proxy.when(Step.CREATE, dawdle)
    running = fork("numeri_cli", "run")
    assert came.wait(300)
    running.send_signal(signal.SIGKILL)
    assert running.ended().code == -signal.SIGKILL
    release = threading.Timer(1.0, may_go_on.set)
    release.start()
    again = numeri("run", "--json")
    release.join()
    assert again.code == 0, again.out
    assert len(bench.proxy.asked(Step.CREATE)) == 1
    bench.require_exactly_one(home)
