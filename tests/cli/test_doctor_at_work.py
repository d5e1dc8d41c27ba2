"""The doctor looks at schedules and locks, at what is at work; and how long it takes to look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from numeri_cli.commands.context import Context
from numeri_cli.commands.doctor import locks
from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.credentials import Keys, store_keys
from numeri_cli.home import Home, shared_lock_folders
from tests.support.examined import (
    GUARDED,
    began,
    crontab,
    diagnosed,
    found,
    held,
    logged,
    participant,
    slowed,
)
from tests.support.runner import PROFILE, Numeri
from tests.support.served import Served

__all__ = ["crontab", "participant"]


@pytest.mark.parametrize("cadence", ["weekly", "daily"])
def test_a_schedule_that_did_not_fire_is_found_until_a_run_begins(
    numeri: Numeri, participant: Served, home: Path, cadence: str
) -> None:
    assert numeri("schedule", "install", f"--{cadence}", "--quiet").code == 0
    assert "schedule_silent" not in diagnosed(numeri)
    log = home / "log" / "numeri.jsonl"
    kept = log.read_text()

    def aged(hours: float) -> None:
        """The log as if all of it had been written so much earlier."""
        lines = [json.loads(line) for line in kept.splitlines()]
        for line in lines:
            moment = datetime.fromisoformat(line["time"]) - timedelta(hours=hours)
            line["time"] = moment.isoformat(timespec="milliseconds")
        log.write_text("".join(json.dumps(line) + "\n" for line in lines))

    aged(24 * 8)
    said = numeri("doctor", "--json")
    [found] = [one for one in said.data["findings"] if one["check"] == "schedule"]
    assert (found["code"], found["level"]) == ("schedule_silent", "mend")
    assert "none is known" in found["message"]
    logged(home, code=0, words="")
    assert "schedule_silent" not in diagnosed(numeri)
    kept = "".join(line for line in log.open() if '"run"' in line)
    aged(24 * 8)
    assert "the last run began" in " ".join(numeri("doctor").out.split())


def test_the_lock_of_an_account_that_another_home_holds_is_found(
    numeri: Numeri, trained: Path
) -> None:
    if not Path("/proc/locks").exists():
        pytest.skip("this system does not tell who holds a lock")
    with held(shared_lock_folders()[0] / "practice-0123456789abcdef.lock"):
        assert diagnosed(numeri)["lock_unknown"] == "cannot know"
    assert diagnosed(numeri) == GUARDED


@pytest.mark.parametrize(("hours", "level"), [(26, None), (50, "mend")])
def test_a_retraining_may_hold_its_lock_for_as_long_as_the_profile_lets_it(
    numeri: Numeri, trained: Path, hours: float, level: str | None
) -> None:
    if not Path("/proc/locks").exists():
        pytest.skip("this system does not tell who holds a lock")
    with held(trained / "data" / "locks" / "practice-0123456789abcdef.lock") as process:
        began(trained, process, "retrain", hours=hours)
        assert diagnosed(numeri).get("lock_stuck") == level


def test_where_the_system_does_not_tell_of_locks_that_is_said_and_the_log_is_asked(
    numeri: Numeri, trained: Path
) -> None:
    def looked() -> list[str]:
        context = Context(home=Home.find())
        return [
            one.message
            for one in locks.look(
                Examination(context, online=False), told_by=trained / "no such list"
            )
        ]

    [message] = looked()
    assert message.startswith("this system does not tell who holds one")
    with held(trained / "data" / "locks" / "x.lock") as process:
        began(trained, process, "train", hours=13)
        [message] = looked()
        assert f"`numeri train`, process {process}, is at work for more than 12 hours" in message


def test_a_server_that_answers_slowly_is_asked_many_things_at_once(
    numeri: Numeri, participant: Served, profile: Path, tmp_path: Path
) -> None:
    with slowed(participant.address, seconds=0.5) as (address, under_way):
        profile.write_text(PROFILE.replace('"practice"', f'"{address}"'))
        store_keys(Home.find().credentials, Keys(*participant.keys), host=address[7:])
        assert "unreachable" not in found(numeri("doctor", "--json"))
    assert max(under_way) >= 3


@pytest.mark.parametrize(
    ("hours", "level"), [(1, None), (13, "mend"), (None, "cannot know")], ids=str
)
def test_a_lock_is_told_by_how_long_its_holder_is_at_work(
    numeri: Numeri, trained: Path, hours: int | None, level: str | None
) -> None:
    if not Path("/proc/locks").exists():
        pytest.skip("this system does not tell who holds a lock")
    with held(trained / "data" / "locks" / "practice-0123456789abcdef.lock") as process:
        if hours is not None:
            began(trained, process, "train", hours=hours)
        codes = diagnosed(numeri)
        assert (codes.get("lock_stuck") or codes.get("lock_unknown")) == level
    assert diagnosed(numeri) == GUARDED


def test_a_newer_numeri_is_told_only_where_it_is_asked_for(
    numeri: Numeri, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "simple" / "numeri"
    index.mkdir(parents=True)
    monkeypatch.setenv("PIP_INDEX_URL", f"file://{index.parent}")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for version, code in (("99.1", "numeri_old"), ("0.0.1", None), (None, "index_silent")):
        name = f"numeri-{version}-py3-none-any.whl"
        link = f'<a href="{name}">{name}</a>' if version else ""
        (index / "index.html").write_text(f"<!DOCTYPE html><html><body>{link}</body></html>")
        told = diagnosed(numeri, "--online")
        assert told.keys() - GUARDED.keys() == ({code} if code else set())
        assert diagnosed(numeri) == GUARDED


def test_looking_imports_nothing_that_trains() -> None:
    script = "import sys, numeri_cli.commands.doctor.doctor as _; print('lightgbm' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
