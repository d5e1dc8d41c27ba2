"""Last week's late upload, which the server carries into this round as on time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from numeri_cli.practice.rounds.late_submissions import QueuedTime
from tests.support.front_server import set_clock
from tests.support.trial import MODELS, Ground, Trial, numeri

SCOPES = ("upload_submission", "read_submission_info", "read_user_info")


@pytest.fixture(params=QueuedTime, ids=lambda one: f"time of the {one}")
def carried(
    ground: Ground,
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Trial]:
    """The window was missed, `--late` submitted, a week has passed."""
    with ground.fresh(tmp_path, home, monkeypatch, queued_time=request.param) as trial:
        set_clock(trial.tournament, trial.tournament.status().closes_at + timedelta(minutes=5))
        late = numeri("run", "--late", "--json")
        assert late.code == 0, late.out
        trial.tournament.advance()
        [row] = trial.rows()
        assert row["source"] == "queued"
        assert row["selected"] == row["on_time"] == 1
        yield trial


def test_a_carried_over_submission_is_replaced_by_the_next_run(carried: Trial) -> None:
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert said.model["state"] == "accepted"
    carried.require_counts()


def test_status_calls_it_carried_over_and_exits_1_until_it_is_replaced(carried: Trial) -> None:
    before = numeri("status")
    assert before.code == 1, before.out
    assert "carried over" in before.out
    as_json = numeri("status", "--json")
    assert as_json.code == 1
    assert "carried over" in as_json.out.replace("_", " ").replace("-", " ")
    assert numeri("run").code == 0
    after = numeri("status")
    assert after.code == 0, after.out
    assert "carried over" not in after.out


def test_a_home_that_did_not_upload_it_replaces_it_too(carried: Trial, home: Path) -> None:
    for path in (home / "data").glob("ledger.sqlite*"):
        path.unlink()
    shutil.rmtree(home / "data" / "predictions")
    assert numeri("status").code == 1
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    carried.require_counts()


def test_run_after_the_replacement_leaves_it_alone(carried: Trial) -> None:
    assert numeri("run").code == 0
    chosen = carried.require_counts()
    again = numeri("run", "--json")
    assert again.model["state"] == "already accepted"
    assert carried.require_counts()["id"] == chosen["id"]


def test_a_submission_of_this_round_by_another_program_is_not_taken_for_carried_over(
    trial: Trial,
) -> None:
    trial.tournament.advance()
    created = trial.other.create(trial.other.put())
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert said.model["state"] == "already accepted"
    [row] = trial.rows()
    assert row["id"] == created
    assert numeri("status").code == 0


def test_a_scripted_server_that_maps_under_the_same_id_is_seen_through_as_well(
    trial: Trial,
) -> None:
    """The real one may keep the id or the file name; each of them gives it away."""
    set_clock(trial.tournament, trial.tournament.status().closes_at + timedelta(minutes=5))
    late = numeri("run", "--late", "--json")
    assert late.code == 0, late.out
    [before] = trial.rows()
    trial.tournament.advance()
    [carried] = trial.rows()
    with trial.tournament.store.writing() as connection:
        connection.execute(
            "UPDATE submissions SET filename = ? WHERE id = ?", (before["filename"], carried["id"])
        )
    assert numeri("status").code == 1
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    [chosen] = [row for row in trial.rows() if row["selected"]]
    assert chosen["id"] != carried["id"]
    assert said.model["model"] == MODELS[0]


def test_a_file_replaces_what_was_carried_over_without_being_asked(carried: Trial) -> None:
    file = carried.predictions()
    said = numeri("submit", file, "--model", MODELS[0], "--json")
    assert said.code == 0, said.out
    assert said.model["state"] == "accepted"
    [chosen] = [row for row in carried.rows() if row["selected"]]
    assert (chosen["id"], chosen["on_time"]) == (said.model["server_id"], 1)
    assert chosen["source"] != "queued"


@pytest.mark.parametrize(
    ("scopes", "state"),
    [((*SCOPES, "download_submission"), "already accepted"), (SCOPES, "accepted")],
    ids=["bytes that can be compared", "bytes that cannot be had"],
)
def test_what_may_be_carried_over_is_left_alone_where_its_bytes_are_new_and_replaced_where_unknown(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, scopes: tuple[str, ...], state: str
) -> None:
    """Another program was late last week, and has sent a file of this round since."""
    set_clock(trial.tournament, trial.tournament.status().closes_at + timedelta(minutes=5))
    trial.other.create(trial.other.put())
    trial.tournament.advance()
    set_clock(trial.tournament, trial.tournament.now() + timedelta(minutes=5))
    theirs = trial.other.create(trial.other.put())
    public_id, secret = trial.tournament.add_key(name="another", scopes=scopes)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", public_id)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", secret)
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert said.model["state"] == state
    assert (said.model["server_id"] == theirs) is (state == "already accepted")
    if state == "accepted":
        trial.require_counts()
