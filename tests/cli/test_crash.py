"""An exception nobody expects: one object or three lines, exit 1, and a file without keys."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.text import Text

from numeri_cli.cli.app import COMMANDS, main
from numeri_cli.cli.command import Invocation
from numeri_cli.errors import ExitCode, TerminationAsked
from numeri_cli.published import Published
from tests.support.runner import PROFILE
from tests.support.said import Said

PUBLIC_ID, SECRET = "PLANTEDPUBLICIDOF32LETTERS234567", "plantedsecretkeythatisverylong0123456789ab"
ADDRESS = "https://files.invalid/live.parquet?X-Amz-Signature=9f8e7d6c5b4a&X-Amz-Expires=60"
HEADER = "Authorization: Token SOMEBODYELSE123$hunter2hunter2"
WORDS = f"{SECRET} at {ADDRESS} with {HEADER}"
PLANTED = (SECRET, "X-Amz-Signature=9f8e7d6c5b4a", "hunter2hunter2", "SOMEBODYELSE123")

Call = Callable[..., Said]


@dataclass(frozen=True)
class Sound(Published):
    """A record."""

    words: str


@dataclass(frozen=True)
class Unsound(Published):
    """A record that holds what is not published."""

    held: object


def sound_view(record: Sound) -> Text:
    return Text(record.words)


def planted_in_a_command(call: Invocation) -> None:
    """Fail."""
    raise LookupError(WORDS)


def stopped_in_a_lock(call: Invocation) -> None:
    """Be stopped where a library then stumbles over its own lock."""
    try:
        raise TerminationAsked
    finally:
        threading.Lock().release()


class Dropping:
    """Is stopped where Python drops errors."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


def stopped_in_a_finalizer(call: Invocation) -> None:
    """Be stopped as an object is freed, and work on."""
    Dropping()
    time.sleep(30)


def planted_in_a_view(call: Invocation) -> None:
    """Fail where the record is shown."""

    def view(record: Sound) -> Text:
        raise LookupError(WORDS)

    call.show(Sound("seen"), view)


def planted_in_a_record(call: Invocation) -> None:
    """Fail where the record becomes JSON."""

    def view(record: Unsound) -> Text:
        return Text("seen")

    call.show(Unsound(object()), view)


def sound(call: Invocation) -> None:
    """Do not fail."""
    call.show(Sound("seen"), sound_view)


@pytest.fixture
def numeri(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call the program with the planted commands beside its own; keys are in the environment."""
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", PUBLIC_ID)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", SECRET)
    commands = {
        **COMMANDS,
        "command": planted_in_a_command,
        "view": planted_in_a_view,
        "record": planted_in_a_record,
        "sound": sound,
        "stopped": stopped_in_a_lock,
        "dropped": stopped_in_a_finalizer,
    }

    def call(*words: object) -> Said:
        capfd.readouterr()
        code = main([str(word) for word in words], commands=commands)
        out, err = capfd.readouterr()
        return Said(code, out, err)

    return call


def crash_file(home: Path) -> Path:
    [found] = (home / "log").glob("crash-*.txt")
    return found


def check_object(said: Said, *, command: str, kept: Path) -> None:
    assert (said.code, said.err) == (1, "")
    assert said.out.count("\n") == 1
    assert list(said.json) == ["version", "command", "status", "data", "error"]
    assert (said.json["command"], said.json["status"]) == (command, "refused")
    assert said.json["error"]["code"] == "unexpected"
    assert str(kept) in said.json["error"]["hint"]


def check_file(kept: Path, *, words: str, error: str) -> None:
    text = kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert f"command: numeri {words}" in text
    for named in (
        "Python 3",
        "platform: ",
        "lightgbm ",
        "Traceback (most recent call last)",
        error,
    ):
        assert named in text
    for secret in (*PLANTED, PUBLIC_ID):
        assert secret not in text


def test_the_planted_secrets_would_be_seen_without_the_mask() -> None:
    try:
        raise LookupError(WORDS)
    except LookupError as error:
        text = "".join(traceback.format_exception(error))
    for secret in PLANTED:
        assert secret in text


def test_a_sound_command_beside_the_planted_ones_leaves_no_file(numeri: Call, home: Path) -> None:
    said = numeri("sound", "--json")
    assert (said.code, said.data) == (0, {"words": "seen"})
    assert not list((home / "log").glob("crash-*"))


def test_an_exception_in_a_command_gives_one_object_and_a_file_without_keys(
    numeri: Call, home: Path
) -> None:
    said = numeri("command", "--json", "--tournament", f"http://me:{SECRET}@127.0.0.1:9/")
    kept = crash_file(home)
    check_object(said, command="command", kept=kept)
    check_file(kept, words="command --json", error="LookupError")
    assert "planted_in_a_command" in kept.read_text()
    for secret in PLANTED:
        assert secret not in said.out


def test_a_person_sees_three_lines_at_most(numeri: Call, home: Path) -> None:
    said = numeri("command")
    assert (said.code, said.out) == (1, "")
    assert said.err.count("\n") <= 3
    assert said.err.startswith("error: numeri met what it did not expect: LookupError: ")
    assert str(crash_file(home)) in said.err
    for secret in PLANTED:
        assert secret not in said.err


def test_an_exception_in_a_view_is_told_as_one_in_a_command(numeri: Call, home: Path) -> None:
    said = numeri("view")
    assert (said.code, said.out) == (1, "")
    assert said.err.count("\n") <= 3
    check_file(crash_file(home), words="view", error="LookupError")
    assert numeri("view", "--json").data == {"words": "seen"}  # no view is asked there


def test_a_record_that_is_not_published_gives_the_object_without_data(
    numeri: Call, home: Path
) -> None:
    assert numeri("record").out == "seen\n"
    said = numeri("record", "--json")
    check_object(said, command="record", kept=crash_file(home))
    assert said.data == {}


def test_an_exception_in_an_estimator_is_the_owners_to_mend_wherever_it_comes_from(
    numeri: Call, home: Path, practice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This class cannot even be looked at; what it says may hold keys."""
    monkeypatch.delitem(sys.modules, "odd_model", raising=False)
    Path("odd_model.py").write_text(
        f"class Odd:\n    __signature__ = {WORDS!r}\n"
        "    def fit(self, X, y): pass\n    def predict(self, X): pass\n",
        encoding="utf-8",
    )
    quick = PROFILE[: PROFILE.index("[models.lighthouse.estimator]")]
    Path("numeri.toml").write_text(
        f'{quick}[models.lighthouse.estimator]\nname = "odd_model:Odd"\n', encoding="utf-8"
    )
    said = numeri("train", "--json")
    assert said.code == 1
    assert said.json["error"]["code"] == "estimator_invalid"
    assert "Odd fails: TypeError: " in said.json["error"]["message"]
    assert not list((home / "log").glob("crash-*.txt"))
    for secret in PLANTED:
        assert secret not in said.out


def test_where_no_file_can_be_written_the_error_is_told_all_the_same(
    numeri: Call, home: Path
) -> None:
    home.mkdir()
    (home / "log").write_text("in the way")
    said = numeri("command", "--json")
    assert said.code == 1
    assert said.json["error"]["code"] == "unexpected"
    assert "no file" in said.json["error"]["hint"]


def test_a_library_that_stumbles_as_it_is_stopped_is_no_crash(numeri: Call, home: Path) -> None:
    said = numeri("stopped", "--json")
    assert said.code == ExitCode.terminated
    assert said.json["error"]["code"] == "terminated"
    assert list((home / "log").glob("crash-*.txt")) == []


@pytest.mark.waits
def test_a_stop_that_python_drops_strikes_again(numeri: Call) -> None:
    said = numeri("dropped", "--json")
    assert said.code == ExitCode.interrupted
    assert said.json["error"]["code"] == "interrupted"
