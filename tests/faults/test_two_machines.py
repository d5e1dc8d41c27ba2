"""Two homes on one computer, and two computers, for one account."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.computers import Computer
from tests.support.processes import Forked
from tests.support.trial import MODELS, Trial, numeri
from tests.support.troubles import asks

pytestmark = pytest.mark.waits

TOGETHER = 5  # times


@pytest.fixture
def second_home(trial: Trial, home: Path, tmp_path: Path) -> Path:
    """Another home with the same models."""
    trial.write_profile(models=MODELS, settle_seconds=30.0, read_seconds=30.0, poll_seconds=0.15)
    return Path(shutil.copytree(home, tmp_path / "second home"))


@pytest.mark.parametrize("attempt", range(TOGETHER))
def test_two_homes_of_one_user_started_together_submit_each_model_once(
    trial: Trial, home: Path, second_home: Path, tmp_path: Path, attempt: int
) -> None:
    trial.front.settling.settle_seconds = 0.3
    computer = Computer(tmp_path / "computer")
    said = [one.ended() for one in [computer.start(home), computer.start(second_home)]]
    assert sorted(one.code for one in said) in ([0, 0], [0, 5]), [one.out for one in said]
    for model in MODELS:
        [row] = trial.rows(model)
        assert row["selected"] == 1


def test_the_lock_is_the_accounts_whatever_key_is_used(
    trial: Trial,
    home: Path,
    second_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computer = Computer(tmp_path / "computer")
    second: list[Forked] = []

    def start_second() -> None:
        public_id, secret = trial.tournament.add_key(
            name="another",
            scopes=("upload_submission", "read_submission_info", "read_user_info"),
        )
        monkeypatch.setenv("NUMERAI_PUBLIC_ID", public_id)
        monkeypatch.setenv("NUMERAI_SECRET_KEY", secret)
        second.append(computer.start(second_home))

    trial.front.when(asks("submissionUploadAuth"), start_second)
    trial.front.settling.settle_seconds = 3.0
    first = computer.start(home).ended()
    other = second[0].ended()
    assert first.code == 0, first.out
    assert other.code in (0, 5), other.out
    for model in MODELS:
        assert len(trial.rows(model)) == 1


@pytest.mark.parametrize("attempt", range(TOGETHER))
def test_two_computers_double_only_between_question_and_answer_and_both_exit_0(
    trial: Trial, home: Path, second_home: Path, tmp_path: Path, attempt: int
) -> None:
    trial.front.settling.settle_seconds = 0.3
    computers = [Computer(tmp_path / "one"), Computer(tmp_path / "other")]
    runs = [
        computer.start(own) for computer, own in zip(computers, (home, second_home), strict=True)
    ]
    said = [one.ended() for one in runs]
    assert [one.code for one in said] == [0, 0], [one.out for one in said]
    for model in MODELS:
        rows = trial.rows(model)
        assert 1 <= len(rows) <= 2
        assert sum(row["selected"] for row in rows) == 1


def test_a_second_computer_that_asks_in_time_makes_nothing(
    trial: Trial, home: Path, second_home: Path, tmp_path: Path
) -> None:
    """The other's run lies wholly between our upload's authorization and our createSubmission."""
    trial.write_profile(settle_seconds=60.0, read_seconds=60.0)
    other = Computer(tmp_path / "other")
    said = []
    trial.front.when(
        asks("submissionUploadAuth"), lambda: said.append(other.start(second_home).ended())
    )
    ours = numeri("run", "--json")
    assert [ours.code, said[0].code] == [0, 0], ours.out + said[0].out
    [row] = trial.rows()
    assert ours.model["server_id"] == said[0].model["server_id"] == row["id"]


def test_of_two_made_in_the_gap_both_runs_say_which_counts(
    trial: Trial, home: Path, second_home: Path, tmp_path: Path
) -> None:
    """The other's createSubmission comes after our last question and before ours is acted on."""
    trial.write_profile(settle_seconds=30.0, read_seconds=30.0)
    trial.front.settling.settle_seconds = 2.0
    other = Computer(tmp_path / "other")
    started: list[Forked] = []
    second_created: list[bool] = []

    def let_the_other_create() -> None:
        trial.front.when(asks("createSubmission"), lambda: second_created.append(True))
        started.append(other.start(second_home))
        while not trial.rows():
            started[0].process.join(0.05)

    trial.front.when(asks("createSubmission"), let_the_other_create)
    ours = numeri("run", "--json")
    theirs = started[0].ended()
    assert [ours.code, theirs.code] == [0, 0], ours.out + theirs.out
    assert second_created == [True]
    rows = trial.rows()
    assert len(rows) == 2
    [chosen] = [row for row in rows if row["selected"]]
    assert ours.model["server_id"] == chosen["id"]
    # theirs counted for a moment: whoever looked then has told the truth
    assert theirs.model["server_id"] in {row["id"] for row in rows}
