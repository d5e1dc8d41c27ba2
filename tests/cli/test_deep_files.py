"""JSON and TOML nested beyond any depth, in every file that a command reads: no traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from numeri_cli.commands.run.outcomes import ValidationFigures
from numeri_cli.commands.validate.validate import remembered_figures
from numeri_cli.log import read_log
from tests.support.runner import Numeri

DEEP = "[" * 200_000
DEEP_OBJECT = '{"a":' * 100_000


def sound(numeri: Numeri, home: Path, *words: str) -> int:
    """The exit code; whatever was read is success or an error of ours, and no crash file tells."""
    said = numeri(*words, "--json")
    assert said.out.count("\n") == 1
    error = said.json["error"]
    assert error is None or error["code"] != "unexpected", error
    assert "Traceback" not in said.err + said.out
    assert not list((home / "log").glob("crash-*"))
    return said.code


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


FILES: dict[str, Callable[[Path], Path]] = {
    "contract": lambda home: only(home, "data/models/practice/lighthouse/2*/model.json"),
    "features": lambda home: only(home, "data/datasets/practice/*/features.json"),
    "world": lambda home: home / "data" / "practice" / "world" / "world.json",
    "keys of practice": lambda home: home / "data" / "practice" / "keys.json",
    "vouched": lambda home: home / "data" / "vouched.json",
    "digests": lambda home: home / "cache" / "binned" / "practice" / "digests.json",
    "credentials": lambda home: home / "config" / "credentials.toml",
    "undelivered": lambda home: home / "data" / "undelivered" / "1-x.json",
    "log": lambda home: home / "log" / "numeri.jsonl",
}


@pytest.mark.parametrize("name", FILES)
def test_deep_files_end_no_command_in_a_traceback(numeri: Numeri, trained: Path, name: str) -> None:
    path = FILES[name](trained)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"keys = {DEEP}" if path.suffix == ".toml" else DEEP)
    path.chmod(0o600)
    text = Path("numeri.toml").read_text()
    Path("numeri.toml").write_text(f'{text}\n[notify]\ncommand = ["true"]\n')
    codes = [sound(numeri, trained, *words) for words in (["run"], ["doctor"])]
    if name in ("vouched", "digests", "undelivered", "log"):
        assert codes[0] == 0  # what is only remembered is no condition of the work


@pytest.mark.parametrize(
    "content",
    [DEEP, DEEP_OBJECT, "5", '{"models": {"a": 1}}'],
    ids=["lists", "objects", "5", "odd"],
)
def test_what_is_only_remembered_is_worked_out_again_where_it_cannot_be_read(
    numeri: Numeri, trained: Path, content: str
) -> None:
    assert numeri("download", "validation", "--quiet").code == 0
    assert numeri("predict", "--data", "validation", "--output", "mine.csv", "--quiet").code == 0
    needed = ("model.json", "features.json", "world.json", "keys.json")
    remembered = [path for path in trained.rglob("*.json") if path.name not in needed]
    kinds = {path.parent.name for path in remembered} | {path.name for path in remembered}
    assert {"made by", "vouched.json", "digests.json"} <= kinds
    assert len(remembered) > 3  # and the note beside binned data
    for path in remembered:
        path.write_text(content)
    for words in (["validate", "mine.csv"], ["train"], ["run"], ["clean"], ["doctor"]):
        assert sound(numeri, trained, *words) in (0, 1)
    assert numeri("status", "--json").data["models"][0]["status"] == "on-time"


@pytest.mark.parametrize(
    "content", [DEEP, DEEP_OBJECT, '{"target": 5}', '{"target": "t", "corr_mean": "x"}', "[]"]
)
def test_remembered_figures_that_are_none_are_worked_out_again(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "figures.json"
    sound = ValidationFigures("target_ender_20", 9, 0.02, 1.5, 0.1, 0)
    path.write_text(json.dumps(sound.plain()))
    assert remembered_figures(path) == sound
    path.write_text(content)
    assert remembered_figures(path) is None


def test_the_log_is_read_past_a_deep_line(home: Path) -> None:
    folder = home / "log"
    folder.mkdir(parents=True)
    (folder / "numeri.jsonl").write_text(f"{DEEP}\n{DEEP_OBJECT}\n")
    assert list(read_log(folder)) == []


@pytest.mark.parametrize(
    "words",
    [
        ["status", "--profile", "~/numeri.toml"],
        ["run", "--profile", "~nobody_of_this_name/numeri.toml"],
        ["init", "--profile", "~nobody_of_this_name/numeri.toml"],
    ],
)
def test_a_home_that_nobody_has_in_a_path_is_named(
    numeri: Numeri, home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    def nobody(number: object) -> object:
        raise KeyError(number)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert os.environ["NUMERI_HOME"] == str(home)
    assert sound(numeri, home, *words) in (1, 2)
