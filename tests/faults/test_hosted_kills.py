"""SIGKILL at each step of `hosted upload`: in the end exactly one upload is there and assigned."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from tests.support.bench import numeri
from tests.support.hosting import HostingBench
from tests.support.hosting_script import FAILED
from tests.support.processes import fork

pytestmark = pytest.mark.waits

DRIVER = "tests.faults.hosted_driver"
STEPS = (
    "hosted_authorized",
    "hosted_uploaded",
    "hosted_creating",
    "hosted_created",
    "hosted_judged",
    "hosted_assigned",
    "hosted_proved",
)
UPLOAD = ("hosted", "upload", "model.pkl", "--no-check", "--python", "3.12", "--assign", "--json")


def require_killed_at(step: str) -> list[str]:
    """The driver was killed there; the steps that it passed."""
    said = fork(DRIVER, step).ended()
    assert said.code == -signal.SIGKILL, said.err
    passed = said.out.split()
    assert passed[-1] == step
    return passed


def require_mended(hosting: HostingBench) -> None:
    """The command as it is comes through now, and has doubled nothing."""
    again = numeri(*UPLOAD)
    assert again.code == 0, again.out
    [one] = hosting.pickles()
    assert hosting.assigned() == one["id"] == again.data["pickle_id"]
    puts = list((hosting.tournament.folders.uploads).iterdir())
    assert len(puts) == 1  # what was put before it was killed is not put again


@pytest.mark.parametrize("step", STEPS[1:])
def test_an_upload_killed_at_a_step_is_finished_by_the_next_call(
    hosting: HostingBench, step: str
) -> None:
    with Path("numeri.toml").open("a") as profile:  # for so long the server may be at work on it
        profile.write("read_seconds = 4\n")
    require_killed_at(step)
    require_mended(hosting)


def test_an_upload_killed_before_its_bytes_are_sent_begins_again_and_ends_as_one(
    hosting: HostingBench,
) -> None:
    assert require_killed_at("hosted_authorized") == ["hosted_authorized"]
    require_mended(hosting)


def test_these_are_all_the_steps_that_an_upload_passes(hosting: HostingBench) -> None:
    said = fork(DRIVER, "none").ended()
    assert said.code == 0, said.err
    assert tuple(said.out.split()) == STEPS
    assert hosting.assigned() is not None


def test_where_the_ledger_is_lost_too_the_upload_is_known_by_its_name(
    hosting: HostingBench, home: Path
) -> None:
    require_killed_at("hosted_created")
    for path in (home / "data").glob("ledger*"):
        path.unlink()
    require_mended(hosting)


def test_a_verdict_that_nobody_was_told_is_told_by_the_next_call(hosting: HostingBench) -> None:
    hosting.script.validation = FAILED
    require_killed_at("hosted_judged")
    again = numeri(*UPLOAD)
    assert again.code == 1
    assert "No module named 'my_features'" in again.json["error"]["message"]
    assert len(hosting.pickles()) == 1


def test_what_the_server_takes_only_after_the_next_call_began_is_not_created_again(
    hosting: HostingBench,
) -> None:
    came, may_go_on = threading.Event(), threading.Event()
    plain = hosting.script.states

    def dawdle(run: object) -> object:
        came.set()
        assert may_go_on.wait(300)
        return plain(run)  # type: ignore[arg-type]

    hosting.script.__dict__["states"] = dawdle
    running = fork(DRIVER, "none")
    assert came.wait(300)
    running.send_signal(signal.SIGKILL)
    assert running.ended().code == -signal.SIGKILL
    release = threading.Timer(0.5, may_go_on.set)
    release.start()
    require_mended(hosting)
    release.join()
