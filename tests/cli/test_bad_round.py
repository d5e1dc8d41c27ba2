"""Rounds that are closed or held by another run; work that stopped half way and goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from numeri_cli.home import Home
from numeri_cli.locks import held_lock
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.tournament import Tournament
from tests.support.closed_rounds import close_round
from tests.support.refusals import kept, refused
from tests.support.runner import Numeri


def test_after_the_deadline_nothing_is_sent_unless_late_is_wanted(
    numeri: Numeri, trained: Path
) -> None:
    assert numeri("predict", "--output", "mine.csv").code == 0
    close_round(trained)
    before = kept(trained / "data")
    for words in (["run"], ["submit"], ["submit", "mine.csv"]):
        said = numeri(*words, "--json")
        refused(
            said,
            exit_code=6,
            code="no_round_open",
            sentence="no round is open: round 61 closed at Sun 14:00 UTC",
            cure="`--late`",
        )
    assert kept(trained / "data") == before
    late = numeri("submit", "mine.csv", "--late")
    assert late.code == 0
    assert "round 61, closed at Sun 4 Jan 14:00 UTC" in late.out
    assert "accepted, late" in late.out
    assert numeri("status").code == 1


def test_the_next_round_takes_what_the_last_one_missed(numeri: Numeri, trained: Path) -> None:
    close_round(trained)
    assert numeri("run").code == 6
    assert numeri("practice", "advance").code == 0
    assert numeri("run").code == 0


@pytest.mark.parametrize("command", ["run", "submit"])
def test_another_run_at_work_is_left_alone(numeri: Numeri, trained: Path, command: str) -> None:
    public_id, _ = Tournament.open(trained / "data" / "practice").participant_keys()
    with held_lock(Home.find().lock("practice", public_id), what="a test"):
        said = numeri(command, "--json")
        refused(
            said,
            exit_code=5,
            code="lock_held",
            sentence="a run for practice of this account is already at work",
            cure="wait for it to end",
        )
        assert numeri("status").code == 1
    assert numeri(command).code == 0


def test_another_advance_at_work_is_left_alone(numeri: Numeri, practice: Path) -> None:
    with held_lock(Folders(practice).lock, what="a test"):
        said = numeri("practice", "advance", "--json")
        refused(said, exit_code=5, code="lock_held", sentence="already at work", cure="wait")
        assert numeri("practice", "status").code == 0
    assert numeri("practice", "advance").code == 0


def test_another_download_of_the_same_file_is_left_alone(numeri: Numeri, trained: Path) -> None:
    lock = trained / "data/datasets/practice/v5.3/.train.parquet.lock"
    with held_lock(lock, what="a test"):
        said = numeri("download", "--force", "train", "--json")
        refused(said, exit_code=5, code="lock_held", sentence="download of train.parquet", cure="")
    assert numeri("download", "--force", "train").code == 0


def test_a_submission_that_failed_half_way_goes_on_at_the_next_call(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    """The server cannot keep the upload: a file stands where its folder should be."""
    profile.write_text(profile.read_text() + "\n[wire]\nattempts = 1\n")
    uploads = trained / "data" / "practice" / "uploads"
    assert not uploads.exists()
    uploads.write_bytes(b"")
    said = numeri("submit", "--json")
    assert said.code == 4, said
    assert said.json["error"]["message"]
    assert numeri("rounds", "--json").data["rounds"][0]["attempts"][0]["state"] == "failed"
    uploads.unlink()
    again = numeri("submit", "--json")
    assert again.code == 0
    assert again.data["models"][0]["state"] == "accepted"
    assert len(list(uploads.iterdir())) == 1
    (receipt,) = numeri("rounds", "--json").data["rounds"][0]["receipts"]
    assert receipt["server_id"] == again.data["models"][0]["server_id"]


@pytest.mark.parametrize("wait", ["soon", "5x", "-1m"])
def test_a_wait_that_is_no_duration_is_refused(numeri: Numeri, trained: Path, wait: str) -> None:
    said = numeri("run", f"--wait={wait}", "--json")
    refused(said, exit_code=2, code="usage", sentence="is no duration", cure="90s, 50m or 1h30m")
