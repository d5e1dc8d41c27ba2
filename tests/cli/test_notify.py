"""How a run ended is told, and a run ends as it would have ended, whoever is told and answers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from numeri_cli.commands.context import Context
from numeri_cli.commands.notify import tell_run
from numeri_cli.commands.run.outcomes import RunResult
from numeri_cli.home import Home
from numeri_cli.locks import held_lock
from numeri_cli.log import Log, Mask, read_log
from numeri_cli.notify.notifications import BOUND_SECONDS
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.participants.keys import read_secrets
from tests.support.receiver import Manner, Receiver, receiving
from tests.support.runner import PROFILE, Numeri

FAST: tuple[Manner, ...] = ("works", "refuses", "fails", "redirects", "gigabyte")
SHAPES = ("webhook", "ntfy", "slack", "discord", "healthchecks")
SECRET = "Zq7Rk2Lw9Xc4Vb8Nm3Tg6Hy5Jd1Pf0As"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def telling(receiver: Receiver, *, shape: str = "webhook", more: str = "", text: str = "") -> None:
    """Write a profile that names the receiver."""
    notify = f'\n[notify]\nwebhook = "{receiver.address}/hidden"\nshape = "{shape}"\n{more}\n'
    Path("numeri.toml").write_text((text or PROFILE) + notify, encoding="utf-8")


def without_keys() -> str:
    """A profile whose run is refused before it asks anybody anything."""
    return PROFILE.replace('"practice"', '"http://127.0.0.1:9"')


@pytest.mark.parametrize("manner", FAST)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_run_that_failed_ends_as_it_would_have_ended(
    numeri: Numeri, receiver: Receiver, shape: str, manner: Manner
) -> None:
    Path("numeri.toml").write_text(without_keys(), encoding="utf-8")
    alone = numeri("run", "--json")
    assert alone.code == 3
    with receiving() as other:
        receiver.manner, receiver.elsewhere = manner, f"{other.address}/elsewhere"
        telling(receiver, shape=shape, text=without_keys())
        started = time.monotonic()
        said = numeri("run", "--json")
        assert time.monotonic() - started < 60
        assert other.received == []
    assert (said.code, said.json) == (alone.code, alone.json)
    assert len(receiver.received) == 1
    assert b"keys" in receiver.received[0].body
    warnings = [line for line in said.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == (manner not in ("works", "gigabyte"))
    assert "hidden" not in said.err


def test_one_who_hangs_keeps_a_run_for_a_small_bound_alone(
    numeri: Numeri, receiver: Receiver, home: Path
) -> None:
    telling(receiver, text=without_keys())
    receiver.manner = "hangs"
    started = time.monotonic()
    said = numeri("run", "--quiet")
    assert time.monotonic() - started < BOUND_SECONDS + 60
    assert said.code == 3
    assert said.err.count("warning: ") == 1
    [end] = [line for line in read_log(home / "log") if line.event == "end"]
    assert end.exit_code == 3
    assert any(
        line.event == "notify" and line.level == "warning" for line in read_log(home / "log")
    )
    receiver.manner = "works"
    receiver.received.clear()
    assert numeri("run", "--quiet").code == 3
    assert [got.json["late"] for got in receiver.received] == [True, False]
    assert list((home / "data" / "undelivered").glob("*.json")) == []


def test_a_message_of_a_failure_says_what_why_and_where_to_read_on(
    numeri: Numeri, receiver: Receiver
) -> None:
    telling(receiver, text=without_keys())
    assert numeri("run", "--quiet").code == 3
    [got] = receiver.received
    assert (got.json["event"], got.json["exit_code"]) == ("failure", 3)
    assert (got.json["code"], got.json["command"]) == ("keys_missing", "run")
    assert got.json["hint"].startswith("`numeri login`")
    [run] = numeri("log", "--json").data["runs"]
    assert got.json["run"] == run["run"]


def test_a_run_that_is_in_is_told_once_and_silence_is_left_to_healthchecks(
    numeri: Numeri, receiver: Receiver, trained: Path
) -> None:
    telling(receiver, more='on = ["success"]')
    assert numeri("run", "--quiet").code == 0
    [got] = receiver.received
    assert got.json["event"] == "success"
    assert got.json["round_number"] == numeri("status", "--json").data["round_number"]
    assert [one["state"] for one in got.json["models"]] == ["accepted"]
    assert numeri("run", "--quiet").code == 0  # nothing was left to do
    assert len(receiver.received) == 1
    telling(receiver, shape="healthchecks")
    assert numeri("run", "--quiet").code == 0
    assert receiver.received[1].path == "/hidden"


def test_a_model_that_failed_is_told_with_its_reason(
    numeri: Numeri, receiver: Receiver, trained: Path
) -> None:
    other = PROFILE.replace("lighthouse", "nobody").split("\n", 1)[1]
    telling(receiver, text=PROFILE + other)
    said = numeri("run", "--json")
    assert said.code == 1
    [got] = receiver.received
    assert (got.json["event"], got.json["exit_code"]) == ("failure", 1)
    states = {one["model"]: (one["state"], one["code"]) for one in got.json["models"]}
    assert states == {"lighthouse": ("accepted", ""), "nobody": ("failed", "model_unknown")}
    [end] = [one for one in read_log(trained / "log") if one.exit_code == 1]
    assert end.words.startswith("model_unknown: nobody: ")


def test_a_dry_run_and_a_run_that_another_does_are_told_to_nobody(
    numeri: Numeri, receiver: Receiver, trained: Path
) -> None:
    telling(receiver, more='on = ["success", "failure"]')
    assert numeri("run", "--dry-run", "--quiet").code == 0
    keys = read_secrets(Folders(trained / "data" / "practice"))
    with held_lock(Home.find().lock("practice", keys.public_id), what="a run"):
        assert numeri("run", "--quiet").code == 5
    assert receiver.received == []


def test_a_run_that_the_system_ends_is_told(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling(receiver)
    with receiving() as server:
        server.manner = "hangs"
        monkeypatch.setenv("NUMERI_API_URL", server.address)
        monkeypatch.setenv("NUMERAI_PUBLIC_ID", "PUBLIC")
        monkeypatch.setenv("NUMERAI_SECRET_KEY", SECRET)
        running = subprocess.Popen(
            [sys.executable, "-m", "numeri_cli", "run", "--quiet"],
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + 300
        while not server.received:
            assert time.monotonic() < until
            time.sleep(0.01)
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=300)
    assert (running.returncode, errors.count("error: terminated")) == (143, 1)
    [got] = receiver.received
    assert (got.json["event"], got.json["code"], got.json["exit_code"]) == (
        "failure",
        "terminated",
        143,
    )


def test_a_message_of_a_run_that_was_killed_as_it_told_is_sent_by_the_next(
    numeri: Numeri, receiver: Receiver
) -> None:
    telling(receiver, text=without_keys())
    receiver.manner = "hangs"
    running = subprocess.Popen([sys.executable, "-m", "numeri_cli", "run", "--quiet"])
    until = time.monotonic() + 300
    while not receiver.received:
        assert time.monotonic() < until
        time.sleep(0.01)
    running.kill()
    running.wait()
    receiver.manner = "works"
    assert numeri("run", "--quiet").code == 3
    told = [(got.json["run"], got.json["late"]) for got in receiver.received]
    assert [late for _, late in told] == [False, True, False]
    assert told[0][0] == told[1][0]
    assert told[2][0] != told[0][0]


def test_what_goes_wrong_in_telling_changes_nothing_but_a_warning(
    receiver: Receiver, tmp_path: Path
) -> None:
    class Broken:
        @property
        def round_number(self) -> int:
            raise ZeroDivisionError("a bug of ours")

    telling(receiver)
    log = Log(tmp_path / "log", command="run", mask=Mask(), trouble=print)
    context = Context(home=Home.find(), log=log)
    warnings = tell_run(context, exit_code=4, error=None, result=cast("RunResult", Broken()))
    assert warnings == ("nobody could be told: ZeroDivisionError('a bug of ours')",)
    assert [line.level for line in read_log(tmp_path / "log")] == ["error"]


def test_a_profile_that_is_wrong_elsewhere_is_told(numeri: Numeri, receiver: Receiver) -> None:
    telling(receiver, text="nothing = 1\n" + PROFILE)
    assert numeri("run", "--quiet").code == 1
    assert receiver.received[0].json["code"] == "profile_invalid"


def test_the_key_of_the_environment_does_not_go_out(
    numeri: Numeri, receiver: Receiver, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = PROFILE.replace('"practice"', f'"practice"\ndata_version = "{SECRET}"')
    telling(receiver, text=without_keys().replace("lighthouse", SECRET[:20]))
    bare = numeri("run", "--train", "--quiet", "--tournament", f"http://127.0.0.1:9/{SECRET}")
    assert bare.code == 3
    assert SECRET.encode() in (home / "log" / "numeri.jsonl").read_bytes()  # it would have been
    (home / "log" / "numeri.jsonl").unlink()
    receiver.received.clear()
    monkeypatch.setenv("SOME_SECRET", SECRET)
    telling(receiver, text=text)
    numeri("run", "--train", "--quiet", "--tournament", f"http://127.0.0.1:9/{SECRET}")
    assert len(receiver.received) == 1
    gone = receiver.received[0].body + (home / "log" / "numeri.jsonl").read_bytes()
    for start in range(len(SECRET) - 8):
        assert SECRET[start : start + 8].encode() not in gone


def test_a_trial_shows_what_everybody_answered(numeri: Numeri, receiver: Receiver) -> None:
    telling(receiver, more="on = []")
    said = numeri("notify", "--test", "--json")
    assert (said.code, said.err) == (0, "")
    [one] = said.data["channels"]
    assert (one["channel"], one["delivered"]) == ("webhook at 127.0.0.1", True)
    assert one["answer"].startswith("200 thank")
    assert receiver.received[0].json["event"] == "test"
    shown = numeri("notify", "--test")
    assert "webhook at 127.0.0.1" in shown.out
    assert "\x1b" not in shown.out


@pytest.mark.parametrize(("manner", "code"), [("refuses", 1), ("redirects", 1), ("fails", 4)])
def test_a_trial_ends_as_the_worst_answer_says(
    numeri: Numeri, receiver: Receiver, home: Path, manner: Manner, code: int
) -> None:
    receiver.manner = manner
    telling(receiver, more='command = ["true"]')
    said = numeri("notify", "--test", "--json")
    assert said.code == code
    assert [one["delivered"] for one in said.data["channels"]] == [False, True]
    assert said.problem["code"].startswith("notification_")
    assert "hidden" not in said.out + numeri("notify", "--test").out
    assert not (home / "data" / "undelivered").exists()


def test_a_trial_without_anybody_to_tell_is_refused(numeri: Numeri, profile: Path) -> None:
    said = numeri("notify", "--test", "--json")
    assert (said.code, said.problem["code"]) == (1, "notifications_missing")
    assert numeri("notify").code == 2
