"""What commands print for machines, for cron and into pipes: one object, nothing, no bars."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.runner import Numeri

WORK = [
    ["init", "--profile", "other.toml"],
    ["datasets"],
    ["download", "--force"],
    ["train"],
    ["predict"],
    ["validate", "--eras", "0049-0060"],
    ["submit"],
    ["run"],
    ["status"],
    ["rounds"],
    ["models"],
    ["practice", "status"],
    ["practice", "advance"],
    ["practice", "add-model", "nightwatch"],
    ["logout"],
    ["practice", "reset", "--yes"],
]
SIGNS_OF_BARS = ("\x1b", "\r", "━", "╸")


def test_quiet_work_prints_nothing(numeri: Numeri, trained: Path) -> None:
    for words in WORK:
        said = numeri(*words, "--quiet")
        assert (said.code, said.out, said.err) == (0, "", ""), words


def test_quiet_failures_print_their_error_alone(numeri: Numeri, trained: Path) -> None:
    for words in (["download", "nope"], ["train", "nobody"], ["submit", "nothere.csv"]):
        said = numeri(*words, "--quiet")
        assert said.code == 1
        assert said.out == ""
        first, second = said.err.splitlines()
        assert first.startswith("error: ")
        assert second.startswith("hint:  ")


def test_json_is_one_object_with_the_same_keys_for_every_command(
    numeri: Numeri, trained: Path
) -> None:
    for words in WORK:
        said = numeri(*words, "--json")
        assert (said.code, said.err) == (0, ""), words
        assert said.out.count("\n") == 1
        assert list(said.json) == ["version", "command", "status", "data", "error"]
        assert said.json["command"] == " ".join(
            word for word in words[: 1 + (words[0] == "practice")]
        )
        assert (said.json["status"], said.json["error"]) == ("done", None)
        assert said.data, words


def test_no_bars_where_nobody_looks(numeri: Numeri, trained: Path) -> None:
    shutil.rmtree(trained / "data" / "datasets")
    for words in WORK[:-1]:
        said = numeri(*words)
        assert said.code == 0
        assert not [sign for sign in SIGNS_OF_BARS if sign in said.out + said.err], words


def test_in_a_terminal_there_are_bars_and_they_leave(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(trained / "data" / "datasets")
    monkeypatch.setenv("TERM", "xterm")
    screen, other_side = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "numeri_cli", "download"],
        stdin=other_side,
        stdout=other_side,
        stderr=other_side,
    ) as process:
        os.close(other_side)
        seen = b""
        while select.select([screen], [], [], 60)[0]:
            try:
                seen += os.read(screen, 65536)
            except OSError:  # the other side has closed
                break
        os.close(screen)
        assert process.wait(timeout=300) == 0
    shown = seen.decode()
    assert "downloading" in shown
    assert "\x1b[2K" in shown, "the bar's line is erased"
    assert shown.rstrip().endswith("new")
