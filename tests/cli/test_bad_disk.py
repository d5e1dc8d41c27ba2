"""A full disk and folders that cannot be written to: said, nothing lost, nothing half."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from numeri_cli.home import Home
from numeri_cli.log import read_log
from tests.support.disks import full, sealed, small_disk
from tests.support.refusals import halves, kept, refused
from tests.support.runner import Numeri
from tests.support.said import Said
from tests.support.served import served
from tests.support.tournaments import fresh_tournament

SMALL = ("--stocks", "150", "--eras", "60", "--features", "24")


def no_space(said: Said, sentence: str) -> None:
    refused(
        said,
        exit_code=4,
        code="disk_full",
        sentence=sentence,
        cure="free some space and run the same command",
    )


def no_access(said: Said, sentence: str) -> None:
    refused(said, exit_code=4, code="path_forbidden", sentence=sentence, cure="NUMERI_HOME")


@pytest.fixture
def disk(home: Path) -> Iterator[Path]:
    """The test's home on a disk of 8 MB."""
    with small_disk(home, "8m"):
        yield home


@pytest.fixture
def trained_disk(disk: Path, trained_template: Path, profile: Path) -> Path:
    """A small disk with everything a run needs on it."""
    shutil.copytree(trained_template, disk, dirs_exist_ok=True)
    return disk


def test_a_download_to_a_full_disk_is_refused_before_it_begins(
    numeri: Numeri, trained_disk: Path
) -> None:
    shutil.rmtree(trained_disk / "data" / "datasets")
    with full(trained_disk, but=200_000):
        said = numeri("download", "--json")
        no_space(said, "files need")
        assert not list((trained_disk / "data" / "datasets").rglob("*.parquet"))
    assert numeri("download").code == 0


def test_one_file_that_does_not_fit_is_refused_before_it_begins(
    numeri: Numeri, trained_disk: Path
) -> None:
    shutil.rmtree(trained_disk / "data" / "datasets")
    with full(trained_disk, but=150_000):
        no_space(numeri("download", "train", "--json"), "train.parquet needs")
        assert halves(trained_disk) == []
    assert numeri("download", "train").code == 0


@pytest.mark.parametrize("command", ["train", "predict", "submit", "run"])
def test_work_on_a_full_disk_is_refused_and_done_once_there_is_space(
    numeri: Numeri, trained_disk: Path, command: str
) -> None:
    if command in ("train", "run"):
        shutil.rmtree(trained_disk / "cache")
        shutil.rmtree(trained_disk / "data" / "models")
    output = ["--output", str(trained_disk / "mine.csv")] if command == "predict" else []
    before = kept(trained_disk / "data")
    with full(trained_disk):
        said = numeri(command, *output, "--json")
        no_space(said, "the disk is full: ")
        assert kept(trained_disk / "data") == before
        assert halves(trained_disk) == []
    assert numeri(command, *output).code == 0


def test_a_week_that_cannot_be_written_passes_whole_later(
    numeri: Numeri, trained_disk: Path
) -> None:
    with full(trained_disk, but=100_000):
        no_space(numeri("practice", "advance", "--json"), "the disk is full: ")
    while numeri("practice", "status", "--json").data["round_number"] < 62:
        assert numeri("practice", "advance").code == 0
    said = numeri("run", "--json")
    assert said.code == 0
    assert said.data["round_number"] == 62


def test_a_world_that_does_not_fit_leaves_the_disk_as_it_was(numeri: Numeri, disk: Path) -> None:
    with full(disk, but=900_000):
        said = numeri("practice", "create", *SMALL, "--json")
        no_space(said, "the disk is full: ")
        assert kept(disk / "data") == {}
        assert halves(disk) == []


def test_stored_keys_survive_a_full_disk(
    numeri: Numeri, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = disk / "config" / "credentials.toml"
    fresh_tournament(tmp_path / "elsewhere").close()
    with served(tmp_path / "elsewhere") as server:
        typed = "{}\n{}\n".format(*server.keys)
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert numeri("login", "--stdin", "--tournament", server.address).code == 0
        before = credentials.read_bytes()
        with full(disk):
            monkeypatch.setattr("sys.stdin", io.StringIO(typed))
            said = numeri("login", "--stdin", "--tournament", server.address, "--json")
            no_space(said, "credentials.toml could not be written")
            said = numeri("logout", "--tournament", server.address, "--json")
            no_space(said, "credentials.toml could not be written")
        assert credentials.read_bytes() == before


def test_a_profile_that_cannot_be_written_leaves_the_old_one(numeri: Numeri, home: Path) -> None:
    with small_disk(home, "64k"):
        path = home / "numeri.toml"
        path.write_text("# mine\n")
        with full(home):
            said = numeri("init", "--force", "--profile", path, "--json")
            no_space(said, "numeri.toml could not be written")
        assert path.read_text() == "# mine\n"
        assert halves(home) == []


@pytest.mark.parametrize("words", [["rounds"], ["rounds", "--json"], ["--help"]])
def test_standard_output_on_a_full_disk_is_said_without_a_traceback(
    profile: Path, practice: Path, words: list[str]
) -> None:
    """The exit code is that of the work; what was to be shown is in the log."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as output:
        done = subprocess.run(
            [sys.executable, "-m", "numeri_cli", *words],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 0
    [said] = done.stderr.splitlines()
    assert said.startswith("warning: the disk is full: standard output could not be written")
    if words[0] == "rounds":
        [kept] = [one for one in read_log(Home.find().log) if one.event == "unwritten"]
        assert f"`numeri log --run {kept.run}` shows the rest" in said
        shown = "this machine has seen no round yet"
        assert json.loads(kept.words)["data"]["rounds"] == [] if words[1:] else kept.words == shown


def test_a_home_nobody_may_write_to_is_refused_by_every_command(
    numeri: Numeri, trained: Path
) -> None:
    before = kept(trained)
    with sealed(trained):
        for words in (["run"], ["submit"], ["train"], ["download", "--force", "live"]):
            said = numeri(*words, "--json")
            no_access(said, str(trained))
        for words in (["practice", "advance"], ["practice", "reset", "--yes"]):
            said = numeri(*words, "--json")
            no_access(said, "")
        assert kept(trained) == before
    assert numeri("run").code == 0


def test_a_home_that_cannot_be_made_is_refused(numeri: Numeri, home: Path, profile: Path) -> None:
    home.mkdir()
    with sealed(home):
        for words in (["run"], ["practice", "create"], ["rounds"]):
            said = numeri(*words, "--json")
            no_access(said, str(home))
    assert list(home.iterdir()) == []


def test_a_home_under_a_file_is_refused(numeri: Numeri, home: Path, profile: Path) -> None:
    home.write_text("a file where the folder should be")
    said = numeri("rounds", "--json")
    assert said.code == 4
    assert said.json["error"]["code"] == "disk_trouble"
    assert said.json["error"]["hint"]
    assert home.read_text() == "a file where the folder should be"


def test_a_folder_nobody_may_write_to_gets_no_files(numeri: Numeri, trained: Path) -> None:
    place = Path("closed").absolute()
    place.mkdir()
    with sealed(place):
        for words in (
            ["predict", "--output", place / "mine.csv"],
            ["init", "--profile", place / "numeri.toml"],
        ):
            no_access(numeri(*words, "--json"), str(place))
    assert list(place.iterdir()) == []
