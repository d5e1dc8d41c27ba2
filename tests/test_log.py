"""The log: whole lines from many processes, rotated, masked; and it never stops the work."""

from __future__ import annotations

import base64
import json
import os
import resource
import signal
import time
from datetime import UTC
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from urllib.parse import quote

import pytest

from numeri_cli.log import (
    HIDDEN,
    KEPT,
    Follower,
    Log,
    LoggedListener,
    LogLine,
    Mask,
    current_file,
    read_log,
)
from numeri_cli.progress import SILENT, SilentTask
from tests.support.processes import FORKING, forked

SECRET = "Zq7Rk2Lw9Xc4Vb8Nm3Tg6Hy5Jd1Pf0As"
KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 2


def opened(folder: Path, *, limit_bytes: int = 2_000_000, mask: Mask | None = None) -> Log:
    def complain(words: str) -> None:
        raise AssertionError(words)

    return Log(
        folder,
        command="run",
        mask=mask or Mask(),
        trouble=complain,
        limit_bytes=limit_bytes,
    )


def stored(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.jsonl")))


def test_an_event_says_when_which_run_what_and_how_far(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.begin("numeri run --json")
    log.write("step", "predicted")
    log.end(4, "unreachable: no connection")
    content = [json.loads(line) for line in current_file(tmp_path).read_bytes().splitlines()]
    assert [line["event"] for line in content] == ["begin", "step", "end"]
    assert {line["run"] for line in content} == {log.run}
    assert {line["command"] for line in content} == {"run"}
    assert content[0]["process"] == os.getpid()
    assert content[1]["words"] == "predicted"
    assert (content[2]["exit_code"], content[2]["level"]) == (4, "error")
    assert all(line["time"].endswith("Z") and line["seconds"] >= 0 for line in content)
    lines = list(read_log(tmp_path))
    assert [line.words for line in lines] == [line["words"] for line in content]
    assert lines[0].time.tzinfo is UTC


def test_two_runs_of_one_moment_have_different_names(tmp_path: Path) -> None:
    assert opened(tmp_path).run != opened(tmp_path).run


def test_the_listener_writes_down_what_it_hears_and_passes_it_on(tmp_path: Path) -> None:
    heard: list[str] = []

    class Hearing:
        task = SILENT.task

        def step(self, name: str) -> None:
            heard.append(name)

        def say(self, text: str) -> None:
            heard.append(text)

    listener = LoggedListener(Hearing(), opened(tmp_path))
    listener.step("uploaded")
    listener.say("A sentence")
    with listener.task("Training", total=None, unit="trees") as task:
        assert isinstance(task, SilentTask)
    assert heard == ["uploaded", "A sentence"]
    lines = list(read_log(tmp_path))
    assert [line.event for line in lines] == ["step", "say", "task"]
    assert lines[2].words.startswith("Training: ")


@pytest.mark.parametrize(
    "words",
    [
        f"it said {SECRET} again",
        f"cut off: {SECRET[:-4]}",
        f"https://host/{quote('a/' + SECRET, safe='')}",
        "in base64 " + base64.b64encode(f"public${SECRET}".encode()).decode(),
    ],
)
def test_a_known_secret_is_hidden_however_it_is_written(words: str) -> None:
    mask = Mask()
    assert mask.text("it said nothing") == "it said nothing"
    shown = Mask([SECRET]).text(words)
    assert HIDDEN in shown
    for start in range(len(SECRET) - 8):
        assert SECRET[start : start + 8] not in shown
        assert base64.b64encode(SECRET[start : start + 9].encode()).decode() not in shown


@pytest.mark.parametrize(
    ("words", "secret"),
    [
        (f"Authorization: Token PUB${SECRET}", SECRET),
        (f"sent Token A${SECRET} in vain", SECRET),
        (f"Bearer {SECRET}", SECRET),
        (f"https://me:{SECRET}@host/path", SECRET),
        (f"https://store/file?X-Amz-Signature={SECRET}&X=1", SECRET),
        (f"lost X-Signature={SECRET}", SECRET),
        (f'{{"secret_key": "{SECRET}"}}', SECRET),
        (f"PUBLICIDPUBLICID${SECRET}", SECRET),
        (f"the key {KEY}", KEY),
        (f"https://hooks.slack.com/services/T0/{SECRET}", SECRET),
        (f"https://discord.com/api/webhooks/1/{SECRET}", SECRET),
        (f"https://hc-ping.com/{SECRET}/fail", SECRET),
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_knows_it(words: str, secret: str) -> None:
    assert secret in words
    assert secret not in Mask().text(words)


@pytest.mark.parametrize(
    "words",
    [
        "round 1234 closed at Sat 14:00 UTC",
        "v5.3/live.parquet: 12 of 40 MB",
        "https://api-tournament.numer.ai/graphql fell silent",
        "no keys are known for numer.ai; `numeri login` stores them",
        "digest 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "/home/me/.local/share/numeri/data",
    ],
)
def test_ordinary_words_stay_as_they_are(words: str) -> None:
    assert Mask([SECRET]).text(words) == words


def test_the_environments_secrets_are_known_and_its_paths_are_not_taken_for_one() -> None:
    mask = Mask.of_environment(
        {
            "NUMERAI_MCP_AUTH": f"Token ABCDEFGH${SECRET}",
            "SOME_TOKEN": "hushhush",
            "NUMERI_HOME": "/srv/numeri-home",
            "GIT_TOKEN_FILE": "/srv/token-file",
        }
    )
    assert SECRET not in mask.text(SECRET)
    assert mask.text("hushhush") == HIDDEN
    assert mask.text("/srv/numeri-home /srv/token-file") == "/srv/numeri-home /srv/token-file"


def test_texts_within_a_record_are_masked_and_the_rest_stays() -> None:
    plain = {"a": [SECRET, 3, None], "b": {"c": True, "d": f"x {SECRET}"}}
    assert Mask([SECRET]).plain(plain) == {
        "a": [HIDDEN, 3, None],
        "b": {"c": True, "d": f"x {HIDDEN}"},
    }


def test_the_log_holds_no_secret(tmp_path: Path) -> None:
    opened(tmp_path / "bare").write("say", f"the word is {SECRET}")
    assert SECRET.encode() in stored(tmp_path / "bare")
    log = opened(tmp_path / "masked", mask=Mask([SECRET]))
    log.begin(f"numeri run {SECRET}")
    log.write("say", "x" * 1990 + SECRET)  # is cut off in its midst
    log.write("say", f"https://store/live?X-Amz-Signature={SECRET}")
    log.end(1, SECRET)
    for start in range(len(SECRET) - 8):
        assert SECRET[start : start + 8].encode() not in stored(tmp_path / "masked")


def _many(folder: Path, number: int, ahead: Semaphore) -> None:
    log = opened(folder, limit_bytes=20_000)
    for count in range(300):
        ahead.acquire()
        log.write("step", f"{number} {count} " + "ä\x1b[31m\n" * (count % 40))


def test_processes_at_once_write_whole_lines_over_many_rotations(tmp_path: Path) -> None:
    context = FORKING
    follower = Follower(tmp_path)
    # however late the follower comes, what it has not seen fits into the files that are kept
    ahead = context.Semaphore(60)
    writers = [context.Process(target=_many, args=(tmp_path, number, ahead)) for number in range(4)]
    seen: list[LogLine] = []
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        for event in follower.look():
            seen.append(event)
            ahead.release()
        time.sleep(0.001)
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    seen += follower.look()
    follower.close()
    raw = stored(tmp_path)
    assert raw.isascii()
    assert raw.count(b"\n") > 50
    for line in raw.splitlines():
        assert json.loads(line)["event"] == "step"
    files = sorted(path.name for path in tmp_path.glob("*.jsonl"))
    assert len(files) == KEPT
    assert all((tmp_path / name).stat().st_size <= 20_000 for name in files)
    # whoever follows has seen each event once, in the order of its run
    marks = [line.words.split()[:2] for line in seen]
    for number in range(4):
        counts = [int(count) for who, count in marks if who == str(number)]
        assert counts == list(range(300))


def test_what_was_written_before_is_not_followed_and_what_comes_is(tmp_path: Path) -> None:
    log = opened(tmp_path, limit_bytes=400)
    log.write("say", "before")
    follower = Follower(tmp_path)
    assert follower.look() == []
    for count in range(5):  # each makes a file of its own, faster than anybody looks
        log.write("say", f"{count} " + "x" * 300)
    assert [line.words[0] for line in follower.look()] == ["0", "1", "2", "3", "4"]
    assert follower.look() == []
    follower.close()


def test_a_follower_who_came_before_the_first_line_sees_it(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "none")
    assert follower.look() == []
    opened(tmp_path / "none").write("say", "first")
    assert [line.words for line in follower.look()] == ["first"]
    follower.close()


_BEFORE_ALL_TIME = (
    b'{"time": "0001-01-01T00:00:00+14:00", "run": "", "command": "", "event": "", "seconds": 0,'
    b' "level": "", "words": ""}'
)


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"half a li", b"[]", b"null", b"[" * 9999),
        *(b'{"time": 3}', b'{"time": "2026-01-01"}', _BEFORE_ALL_TIME),
    ],
)
def test_a_line_that_is_no_event_is_passed_over(tmp_path: Path, line: bytes) -> None:
    assert LogLine.read(line) is None
    log = opened(tmp_path)
    log.write("say", "one")
    with current_file(tmp_path).open("ab") as file:
        file.write(line + b"\n")
    log.write("say", "two")
    assert [found.words for found in read_log(tmp_path)] == ["one", "two"]


def test_a_log_that_cannot_be_written_is_told_of_once_and_stops_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "log").write_text("a file where the folder should be")
    log = Log(tmp_path / "log", command="run", mask=Mask(), trouble=told.append)
    log.begin("numeri run")
    log.write("step", "uploaded")
    log.end(0)
    assert len(told) == 1
    assert told[0].startswith("the log cannot be written: ")


def _short(folder: Path) -> None:
    """Write where only half of the second line has room."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    told: list[str] = []
    log = Log(folder, command="run", mask=Mask(), trouble=told.append)
    log.write("say", "one")
    size = current_file(folder).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, -1))
    log.write("say", "two")
    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
    log.write("say", "three")
    assert len(told) == 1


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    assert forked(_short, tmp_path) == 0
    lines = current_file(tmp_path).read_bytes().splitlines()
    assert [json.loads(line)["words"] for line in lines] == ["one", "three"]
