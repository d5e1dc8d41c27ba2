"""What the guard finds, and what was carried over, is told to whom wants to hear of it alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.receiver import Received, receiving
from tests.support.runner import PROFILE, Numeri
from tests.support.served import served
from tests.support.tournaments import let_the_window_pass


def told(numeri: Numeri, *words: str, on: str = '["guard"]', guard: str = "") -> list[Received]:
    """What a command tells, under a profile whose `on` says so; the profile stays as it was."""
    path = Path("numeri.toml")
    before = path.read_text()
    with receiving() as receiver:
        address = f'webhook = "{receiver.address}"\non = {on}\n'
        path.write_text(f"{before}\n[guard]\n{guard}\n[notify]\n{address}")
        numeri(*words)
    path.write_text(before)
    return receiver.received


def text_of(got: Received) -> str:
    """All that a message says."""
    return json.dumps(got.json)


@pytest.mark.parametrize(
    ("on", "event"),
    [
        ('["success", "guard"]', "success"),
        ('["failure", "guard"]', "guard"),
        ('["success"]', "success"),
        ('["failure"]', None),
        ("[]", None),
    ],
)
def test_nobody_is_told_twice_and_who_hears_of_the_run_hears_of_its_findings(
    numeri: Numeri, trained: Path, on: str, event: str | None
) -> None:
    got = told(numeri, "run", on=on)
    assert [one.json["event"] for one in got] == ([event] if event else [])
    assert all("guard_target" in text_of(one) for one in got)


def test_where_nothing_speaks_against_a_model_the_guard_is_silent(
    numeri: Numeri, trained: Path
) -> None:
    Path("numeri.toml").write_text(PROFILE.replace("_20", "_60"))
    assert numeri("train", "--quiet").code == 0
    assert told(numeri, "run") == []


@pytest.fixture
def carried(numeri: Numeri, trained: Path) -> Path:
    """The window was missed, `--late` submitted, and the next round has opened."""
    with served(trained / "data" / "practice") as server:
        let_the_window_pass(server.tournament)
    assert numeri("run", "--late", "--quiet").code == 0
    assert numeri("practice", "advance", "--quiet").code == 0
    return trained


def found_in(said: Any) -> list[str]:
    return [one["code"] for one in said["models"][0]["findings"]]


def test_a_carried_over_submission_is_told_and_stands_in_the_run(
    numeri: Numeri, carried: Path
) -> None:
    [got] = told(numeri, "run", guard='target = "off"')
    assert got.json["event"] == "guard"
    [finding] = got.json["findings"]
    assert (finding["check"], finding["code"]) == ("carried_over", "carried_over")
    assert "was made for an earlier round and carried over" in finding["message"]
    assert got.json["models"][0]["state"] == "accepted"
    again = numeri("run", "--json").data
    assert found_in(again) == []  # it was replaced


def test_a_run_shows_what_was_carried_over(numeri: Numeri, carried: Path) -> None:
    said = numeri("run", "--json").data
    assert said["models"][0]["state"] == "accepted"
    assert "carried_over" in found_in(said)


def test_a_watchdog_tells_of_what_was_carried_over(numeri: Numeri, carried: Path) -> None:
    watch = ("status", "--within", "10000", "--daily", "--notify")
    [got] = told(numeri, *watch)
    assert got.json["event"] == "guard"
    assert [one["state"] for one in got.json["models"]] == ["carried over"]
    [got] = told(numeri, *watch, on='["deadline", "guard"]')
    assert got.json["event"] == "deadline"
    assert numeri("run", "--quiet").code == 0
    assert told(numeri, *watch) == []
