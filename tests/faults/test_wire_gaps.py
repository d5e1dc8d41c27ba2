"""Each of the wire's last gaps, against a server that does as it is told."""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from numeri_cli.practice.server.rate_limits import RateLimiter
from tests.support.front import Change, Way
from tests.support.trial import MODELS, Ground, Trial, numeri, one_object
from tests.support.troubles import (
    Trouble,
    asks,
    edge_forbidden,
    fetches,
    live_file_forbidden,
    lost_reply,
    no_open_round,
    null_answer,
    null_round,
    other_file,
    refusing,
    server_trouble,
    slow_down,
)
from tests.support.typed_answers import FieldOf

pytestmark = pytest.mark.waits

TROUBLED_SECONDS = 2.0
ODD_VALUES = [
    ("Round", "id", {"odd": True}),
    ("Round", "resolveTime", "in a while"),
    ("Round", "target", 60),
    ("Round", "payoutFactor", "abc"),
    ("Round", "stakeThreshold", "0.0"),
    ("Round", "dataDatestamp", "20260102"),
    ("Round", "closeTime", "never"),
    ("Model", "computePickleUpload", "odd"),
    ("LatestSubmission", "timestamp", 1767441900),
    ("LatestSubmission", "filename", {"odd": True}),
    ("V2Submission", "filteredCount", "150"),
    ("V2Submission", "submittedCount", 150.5),
    ("V2Submission", "insertedAt", "just now"),
    ("V2Submission", "status", {"odd": True}),
]


@pytest.mark.parametrize(("kind", "name", "value"), ODD_VALUES)
def test_an_odd_decorative_field_does_not_stop_a_submission(
    trial: Trial, kind: str, name: str, value: object
) -> None:
    trial.front.change(Change(FieldOf(kind, name), Way.OTHER_TYPE, value))
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    trial.require_one()


def test_what_is_odd_is_told_to_the_log(trial: Trial) -> None:
    trial.front.change(Change(FieldOf("Round", "payoutFactor"), Way.OTHER_TYPE, "abc"))
    assert numeri("run").code == 0
    logs = [path.read_text(errors="replace") for path in (trial.home / "log").rglob("*.*")]
    assert any("payoutFactor" in text for text in logs)


@pytest.mark.long
def test_of_105_accepted_models_and_one_missing_the_missing_one_goes_in_within_the_limits(
    ground: Ground, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [f"other_{number:03}" for number in range(105)]
    limiter = RateLimiter()
    with ground.fresh(tmp_path, home, monkeypatch, limiter=limiter) as trial:
        for name in others:
            trial.tournament.add_model(name)
            trial.other.create(trial.other.put(name), name)
        trial.front.forget()
        trial.write_profile(models=(*others, MODELS[0]), settle_seconds=120.0)
        said = numeri("run", "--json")
        assert said.code == 0, said.out
        trial.require_one()
        states = {one["model"]: one["state"] for one in said.json["data"]["models"]}
        assert {states[name] for name in others} == {"already accepted"}
        assert not [one for one in trial.front.passed if one.status == 429]
        assert trial.front.busiest("submissions") <= 100


def _lay_down_before_the_opening(path: Path, content: bytes) -> None:
    """A file that is older than the round, whose window opened a moment ago."""
    path.write_bytes(content)
    long_ago = time.time() - 7 * 86400
    os.utime(path, (long_ago, long_ago))


@pytest.mark.parametrize("kept", ["nothing", "the live file of the round before"])
def test_stale_live_data_is_waited_out_by_a_home_that_never_saw_the_round_before(
    trial: Trial, home: Path, kept: str
) -> None:
    old = trial.live_file()
    if kept != "nothing":
        folder = home / "data" / "datasets" / trial.key / "v5.3"
        _lay_down_before_the_opening(folder / "live.parquet", old)
    trial.tournament.advance()
    trial.front.trouble(other_file(fetches("live"), old, times=1))
    said = numeri("run", "--json", "--wait", "90s")
    assert said.code == 0, said.out
    trial.require_counts()


def test_stale_live_data_is_not_submitted_where_nobody_waits(trial: Trial, home: Path) -> None:
    folder = home / "data" / "datasets" / trial.key / "v5.3"
    old = trial.live_file()
    _lay_down_before_the_opening(folder / "live.parquet", old)
    trial.tournament.advance()
    trial.front.trouble(other_file(fetches("live"), old, times=None))
    said = numeri("run", "--json")
    assert said.code in (4, 6), said.out
    assert said.problem["code"] == "live_data_stale"
    assert trial.rows() == []


TROUBLES: dict[str, Callable[[], Trouble]] = {
    "503 for every question": lambda: server_trouble(
        lambda asking: asking.method == "POST", seconds=TROUBLED_SECONDS
    ),
    "503 of the store": lambda: server_trouble(fetches("live"), seconds=TROUBLED_SECONDS),
    "429 for the round": lambda: slow_down(asks("rounds"), retry_after_seconds=2, times=6),
    "no connection": lambda: Trouble(lambda _: True, None, times=None, seconds=TROUBLED_SECONDS),
    "no open round": lambda: no_open_round(seconds=TROUBLED_SECONDS),
    "a round that is null": lambda: null_round(seconds=TROUBLED_SECONDS),
    "a live file that is forbidden": lambda: live_file_forbidden(seconds=TROUBLED_SECONDS),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_waiting_outlasts_a_trouble_that_patience_does_not(trial: Trial, name: str) -> None:
    trial.write_profile(attempts=2)
    trial.front.trouble(TROUBLES[name]())
    said = numeri("run", "--json", "--wait", "120s")
    assert said.code == 0, said.out
    trial.require_one()


def test_waiting_outlasts_a_live_file_that_is_not_listed_yet(trial: Trial) -> None:
    trial.front.unlist("live.parquet", seconds=TROUBLED_SECONDS)
    said = numeri("run", "--json", "--wait", "120s")
    assert said.code == 0, said.out
    trial.require_one()


def test_waiting_outlasts_a_server_that_still_answers_the_round_before(trial: Trial) -> None:
    trial.tournament.advance()
    trial.front.stay_behind(seconds=TROUBLED_SECONDS)
    said = numeri("run", "--json", "--wait", "120s")
    assert said.code == 0, said.out
    trial.require_one()


def test_waiting_says_for_what(trial: Trial) -> None:
    trial.write_profile(attempts=2)
    trial.front.trouble(server_trouble(asks("rounds"), seconds=TROUBLED_SECONDS))
    said = numeri("run", "--wait", "120s")
    assert said.code == 0, said.err
    assert "503" in said.out + said.err


def test_waiting_ends_when_its_own_time_is_over(trial: Trial) -> None:
    trial.write_profile(attempts=2)
    trial.front.trouble(server_trouble(asks("rounds"), times=None))
    began = time.monotonic()
    said = numeri("run", "--json", "--wait", "3s")
    assert said.code == 4, said.out
    assert 3.0 <= time.monotonic() - began < 90.0


def test_a_pause_longer_than_our_patience_is_told(trial: Trial) -> None:
    trial.front.trouble(slow_down(asks("rounds"), retry_after_seconds=660, times=None))
    said = numeri("run", "--json")
    assert said.code == 4, said.out
    words = said.problem["message"] + said.problem["hint"]
    assert "11 minutes" in words or "660" in words


def test_a_pending_submission_of_another_program_is_waited_for_and_not_doubled(
    trial: Trial,
) -> None:
    trial.front.settling.settle_seconds = 2.0
    pending = trial.other.create(trial.other.put())
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert said.model["server_id"] == pending
    assert said.model["selected"] is True
    [row] = trial.rows()
    assert row["id"] == pending
    assert trial.other.submission(pending)["selected"] is True


@pytest.mark.parametrize("lists_pending", [True, False])
def test_a_pending_submission_of_another_program_that_is_refused_is_followed_by_ours(
    trial: Trial, lists_pending: bool
) -> None:
    trial.front.settling.settle_seconds = 2.0
    trial.front.settling.lists_pending = lists_pending
    trial.other.create(trial.other.put(sound=False))
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert said.model["state"] == "accepted"
    trial.require_counts()


def test_status_does_not_call_a_pending_submission_accepted(trial: Trial) -> None:
    trial.front.settling.settle_seconds = 60.0
    trial.other.create(trial.other.put())
    assert numeri("status", "--json").code == 1
    trial.front.settling.settle_seconds = 0.0
    assert numeri("status", "--json").code == 0


def test_status_does_not_call_a_refused_submission_accepted(trial: Trial) -> None:
    created = trial.other.create(trial.other.put())
    trial.front.change(
        Change(FieldOf("V2Submission", "errorInfo"), Way.OTHER_TYPE, "invalid_submission_ids")
    )
    said = numeri("status", "--json")
    assert said.code == 1, said.out
    assert created in said.out
    assert "invalid_submission_ids" in said.out


def test_selected_is_what_the_server_says_and_no_constant(trial: Trial) -> None:
    trial.write_profile(settle_seconds=1.0)
    trial.other.create(trial.other.put())
    trial.front.change(Change(FieldOf("V2Submission", "selected"), Way.OTHER_TYPE, False))
    said = numeri("run", "--json")
    assert said.json["data"]["models"][0]["selected"] is False
    assert said.model["state"] not in ("accepted", "already accepted")
    assert said.code != 0


QUESTIONS = ("rounds", "account", "dataset", "submissionUploadAuth", "submissions")


@pytest.mark.parametrize("name", [*QUESTIONS, "createSubmission"])
def test_one_403_from_the_edge_is_tried_again(trial: Trial, name: str) -> None:
    trial.front.trouble(edge_forbidden(asks(name)))
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    trial.require_one()


@pytest.mark.parametrize("name", [*QUESTIONS, "createSubmission"])
def test_one_null_answer_is_tried_again(trial: Trial, name: str) -> None:
    trial.front.trouble(null_answer(name))
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    trial.require_one()


def test_a_403_from_the_edge_that_lasts_is_trouble_and_no_refusal(trial: Trial) -> None:
    trial.front.trouble(edge_forbidden(asks("rounds"), times=None))
    said = numeri("run", "--json")
    assert said.code == 4, said.out
    assert "403" in said.problem["message"]
    assert "mend what the server names" not in said.problem["hint"]


@pytest.mark.parametrize("act_after_seconds", [0.0, 0.5, 1.5])
def test_an_act_that_arrives_late_is_awaited_and_not_doubled(
    trial: Trial, act_after_seconds: float
) -> None:
    trial.front.trouble(lost_reply("createSubmission", act_after_seconds=act_after_seconds))
    said = numeri("run", "--json")
    trial.front.settle_acts()
    assert said.code == 0, said.out
    trial.require_one()


def test_a_lost_submission_is_found_by_model_round_and_time_not_by_its_name(trial: Trial) -> None:
    trial.front.change(
        Change(FieldOf("V2Submission", "filename"), Way.OTHER_TYPE, "renamed-by-the-server.parquet")
    )
    trial.front.trouble(lost_reply("createSubmission"))
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    trial.require_one()


@pytest.mark.parametrize("moment", ["dataset", "submissionUploadAuth"])
def test_what_another_machine_sent_meanwhile_is_not_replaced(trial: Trial, moment: str) -> None:
    sent: list[str] = []
    trial.front.when(asks(moment), lambda: sent.append(trial.other.create(trial.other.put())))
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    [row] = trial.rows()
    assert [row["id"]] == sent
    assert said.model["server_id"] == sent[0]


ABSINTHE = 'Unknown argument "{name}" on field "{field}" of type "RootQueryType".'
GRAPHQL_CORE = "Unknown argument '{name}' on field 'RootQueryType.{field}'."
SPARE = [
    ("createSubmission", "source"),
    ("createSubmission", "dataDatestamp"),
    ("createSubmission", "triggerId"),  # given as null
    ("latestSubmissions", "latestNRounds"),
    ("dataset", "round"),  # given as null
]


def unknown_argument(field: str, name: str, words: str) -> Trouble:
    """The server refuses every document that gives this argument to the field."""
    given = re.compile(rf"{field}\([^)]*\b{name}:")
    return Trouble(
        lambda asking: bool(given.search(asking.query)),
        refusing(words.format(field=field, name=name)),
        times=None,
    )


@pytest.mark.parametrize("words", [ABSINTHE, GRAPHQL_CORE], ids=["absinthe", "graphql-core"])
@pytest.mark.parametrize(("field", "name"), SPARE)
def test_an_unknown_argument_that_the_errand_does_not_need_does_not_stop_a_submission(
    trial: Trial, field: str, name: str, words: str
) -> None:
    trouble = unknown_argument(field, name, words)
    trial.front.trouble(trouble)
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert trouble.happened == 1  # it is remembered
    trial.require_one()


def test_an_unknown_argument_that_is_needed_is_told_as_a_change_of_the_api(trial: Trial) -> None:
    trial.front.trouble(unknown_argument("rounds", "tournament", ABSINTHE))
    said = numeri("run", "--json")
    assert said.json["error"]["code"] == "api_changed"
    assert 'Unknown argument "tournament"' in said.json["error"]["message"]
    assert trial.rows() == []


def test_a_live_file_that_lacks_a_feature_names_it_and_the_cure(trial: Trial) -> None:
    table = pq.read_table(io.BytesIO(trial.live_file()))
    [model_file] = trial.home.glob(f"data/models/*/{MODELS[0]}/*/*.txt")
    names = next(
        line for line in model_file.read_text().splitlines() if line.startswith("feature_names=")
    )
    lost = names.removeprefix("feature_names=").split()[0]
    content = io.BytesIO()
    pq.write_table(table.drop_columns([lost]), content)
    trial.front.trouble(other_file(fetches("live"), content.getvalue()))
    said = numeri("run", "--json")
    one_object(said)
    assert said.code == 1, said.out
    assert lost in said.problem["message"]
    assert said.problem["hint"]
    assert said.problem["code"] != "unexpected"
    assert trial.rows() == []
