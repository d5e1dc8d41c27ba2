"""numeri log: runs as they ended, one that was killed without an end, lines as they come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from numeri_cli.log import Log, Mask, current_file, read_log
from tests.support.runner import Numeri

SECONDS = 300
CREATE = ("practice", "create", "--stocks", "150", "--eras", "60", "--features", "24")


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "numeri_cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def writing(home: Path, *, limit_bytes: int = 2_000_000) -> Log:
    """A log as another command writes it."""
    return Log(home / "log", command="run", mask=Mask(), trouble=print, limit_bytes=limit_bytes)


def test_every_command_stands_in_the_log_with_its_end(numeri: Numeri, home: Path) -> None:
    assert numeri("rounds", "--tournament", "practice").code == 0
    assert numeri("status", "--tournament", "http://127.0.0.1:9").code == 3
    said = numeri("log", "--json")
    assert (said.code, said.err) == (0, "")
    second, first = said.data["runs"]
    assert (first["command"], first["exit_code"], first["error"]) == ("rounds", 0, "")
    assert first["typed"] == "numeri rounds --tournament practice"
    assert (second["command"], second["exit_code"]) == ("status", 3)
    assert second["error"].startswith("keys_missing: ")
    assert [run["run"] for run in numeri("log", "--limit", "1", "--json").data["runs"]] == [
        second["run"]
    ]
    one = numeri("log", "--run", first["run"], "--json").data
    assert one["runs"] == [first]
    assert [line["event"] for line in one["lines"]][:: len(one["lines"]) - 1] == ["begin", "end"]
    shown = numeri("log", "--run", first["run"])
    assert "numeri rounds --tournament practice" in shown.out
    assert "exit 0" in shown.out


def test_the_steps_of_a_run_stand_in_the_log_whatever_was_asked_for(
    numeri: Numeri, trained: Path
) -> None:
    assert numeri("run", "--quiet").code == 0
    [run] = numeri("log", "--json", "--limit", "1").data["runs"]
    lines = numeri("log", "--run", run["run"], "--json").data["lines"]
    words = [line["words"] for line in lines if line["event"] == "step"]
    assert {"predicted", "uploaded", "submission_confirmed"} <= set(words)
    seconds = [line["seconds"] for line in lines]
    assert seconds == sorted(seconds)
    assert seconds[-1] > 0


def test_an_unknown_run_is_refused_with_the_nearest(numeri: Numeri) -> None:
    numeri("rounds", "--tournament", "practice")
    [run] = numeri("log", "--json").data["runs"]
    said = numeri("log", "--run", run["run"][:-1], "--json")
    assert said.code == 1
    assert said.problem["code"] == "run_unknown"
    assert run["run"] in said.problem["hint"]


def test_an_empty_log_is_no_error_and_looking_at_it_writes_nothing(
    numeri: Numeri, home: Path
) -> None:
    said = numeri("log")
    assert (said.code, said.out) == (0, "the log is empty\n")
    assert not home.exists()


def test_a_run_that_was_killed_is_one_without_an_end(numeri: Numeri, home: Path) -> None:
    running = started(*CREATE)
    until = time.monotonic() + SECONDS
    while not any(line.words == "market_run" for line in read_log(home / "log")):
        assert time.monotonic() < until
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=SECONDS)
    [run] = numeri("log", "--json").data["runs"]
    assert (run["command"], run["exit_code"]) == ("practice create", None)
    assert run["seconds"] > 0
    shown = " ".join(numeri("log").out.split())
    assert "no end: killed or still at work" in shown


def test_a_run_that_was_asked_to_end_has_one(numeri: Numeri, home: Path) -> None:
    running = started(*CREATE)
    until = time.monotonic() + SECONDS
    while not any(line.words == "market_run" for line in read_log(home / "log")):
        assert time.monotonic() < until
        time.sleep(0.01)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=SECONDS)
    [run] = numeri("log", "--json").data["runs"]
    assert (run["exit_code"], run["error"]) == (143, "terminated: terminated")


def test_commands_at_once_write_one_object_a_line(numeri: Numeri, home: Path) -> None:
    running = [started("rounds", "--tournament", "practice") for _ in range(6)]
    for one in running:
        one.communicate(timeout=SECONDS)
        assert one.returncode == 0
    lines = current_file(home / "log").read_bytes().splitlines()
    found = [json.loads(line) for line in lines]
    assert len({line["run"] for line in found}) == 6
    assert [line["event"] for line in found].count("begin") == 6
    assert [line["event"] for line in found].count("end") == 6
    assert all(run["exit_code"] == 0 for run in numeri("log", "--json").data["runs"])


def test_following_shows_each_line_once_over_rotations_until_ctrl_c(
    home: Path, tmp_path: Path
) -> None:
    log = writing(home, limit_bytes=3_000)
    log.write("say", "before")
    out = tmp_path / "out"
    with out.open("wb") as file:
        following = subprocess.Popen(
            [sys.executable, "-m", "numeri_cli", "log", "--follow"],
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
        )
    until = time.monotonic() + SECONDS
    while "ready" not in out.read_text():  # it says nothing until something comes
        assert time.monotonic() < until
        log.write("say", "ready")
        time.sleep(0.3)
    for number in range(60):
        log.write("say", f"number {number} \x1b[31mred")
        time.sleep(0.03)
    log.write("say", "the last")
    while "the last" not in out.read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
    following.send_signal(signal.SIGINT)
    _, errors = following.communicate(timeout=SECONDS)
    assert following.returncode == 130
    assert "Traceback" not in errors
    heard = out.read_text().splitlines()
    assert "before" not in out.read_text()
    numbers = [line.split("number ")[1].split()[0] for line in heard if "number " in line]
    assert numbers == [str(number) for number in range(60)]
    assert all(log.run in line for line in heard)
    assert len(list((home / "log").glob("*.jsonl"))) > 2  # it was rotated more than once
    assert "\x1b" not in out.read_text()
    assert "\\x1b[31mred" in heard[-2]


def test_following_as_json_is_refused_since_it_has_no_end(numeri: Numeri) -> None:
    said = numeri("log", "--follow", "--json")
    assert (said.code, said.problem["code"]) == (2, "usage")


def test_what_a_terminal_would_act_on_is_shown_instead(numeri: Numeri, home: Path) -> None:
    log = writing(home)
    log.begin("numeri run \x1b]0;title\x07 [bold]x[/bold] \u202eback")
    log.end(1, "refused: \x1b[2J\r gone")
    for words in (("log",), ("log", "--run", log.run)):
        said = numeri(*words)
        assert said.code == 0
        shown = "".join(said.out.split())
        assert not {"\x1b", "\x07", "\r", "\u202e"} & set(said.out)
        assert "\\x1b[2J" in shown
    assert "[bold]x[/bold]" in said.out


def test_a_log_that_cannot_be_written_stops_no_command(numeri: Numeri, home: Path) -> None:
    home.mkdir()
    (home / "log").write_text("a file where the folder should be")
    said = numeri("rounds", "--tournament", "practice")
    assert (said.code, said.err) == (0, "")
    told = numeri("rounds", "--tournament", "practice", "--verbose")
    assert told.code == 0
    assert told.err.count("the log cannot be written") == 1
