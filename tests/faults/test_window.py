"""Between the opening and the last proof nothing runs that is not a submission."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.support.trial import MODELS, Trial, numeri
from tests.support.troubles import Asking, asks, fetches, stalled

pytestmark = pytest.mark.waits

WINDOW_SECONDS = 600.0


def moments(trial: Trial, name: str) -> list[float]:
    """When a question was asked."""
    return [one.at for one in trial.front.asked(name)]


def fetched(trial: Trial, part: str) -> list[float]:
    """When a file was asked for: its bytes."""
    wanted = fetches(part)
    return [one.at for one in trial.front.passed if wanted(one.asking)]


@pytest.fixture
def untrained(trial: Trial, home: Path) -> Trial:
    """Two trained models and, first in the profile, one that is not."""
    trial.write_profile(models=MODELS)
    shutil.rmtree(home / "data" / "models" / trial.key / MODELS[0])
    return trial


def test_all_models_are_sent_before_any_of_them_is_settled(trial: Trial) -> None:
    trial.write_profile(models=MODELS, settle_seconds=60.0, poll_seconds=0.3)
    trial.front.settling.settle_seconds = 5.0
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    created = moments(trial, "createSubmission")
    assert len(created) == len(MODELS)
    assert created[-1] - created[0] < trial.front.settling.settle_seconds
    for model in MODELS:
        trial.require_one(model)


def test_polls_of_many_submissions_share_one_question(trial: Trial) -> None:
    trial.write_profile(models=MODELS, settle_seconds=60.0, poll_seconds=0.3)
    trial.front.settling.settle_seconds = 3.0
    assert numeri("run").code == 0
    last = moments(trial, "createSubmission")[-1]
    polls = [one for one in trial.front.asked("submissions") if one.at > last]
    assert any(one.asking.names.count("submissions") == len(MODELS) for one in polls)
    assert len(trial.front.asked("account")) <= 3
    assert len(fetched(trial, "live")) == 1


def test_submit_sends_all_models_before_any_of_them_is_settled(trial: Trial) -> None:
    trial.write_profile(models=MODELS, settle_seconds=60.0, poll_seconds=0.3)
    trial.front.settling.settle_seconds = 5.0
    said = numeri("submit", "--json")
    assert said.code == 0, said.out
    created = moments(trial, "createSubmission")
    assert len(created) == len(MODELS)
    assert created[-1] - created[0] < trial.front.settling.settle_seconds
    for model in MODELS:
        trial.require_one(model)


def test_a_validation_file_is_never_fetched_before_the_last_submission(untrained: Trial) -> None:
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    last = moments(untrained, "createSubmission")[-1]
    assert len(moments(untrained, "createSubmission")) == len(MODELS)
    assert all(at > last for at in fetched(untrained, "validation"))


def test_with_validation_that_cannot_be_written_every_model_is_in(
    untrained: Trial, home: Path
) -> None:
    blocked = home / "data" / "datasets" / untrained.key / "v5.3" / "validation.parquet"
    blocked.mkdir(parents=True)
    (blocked / "in the way").touch()
    numeri("run", "--json")
    for model in MODELS:
        untrained.require_one(model)


def test_an_untrained_model_is_trained_after_all_trained_ones_are_in(untrained: Trial) -> None:
    assert numeri("run").code == 0
    created = moments(untrained, "createSubmission")
    training = fetched(untrained, "train.parquet")
    assert training
    assert created[1] < training[0] < created[2]
    assert len(moments(untrained, "submissions")) > 0


def test_in_a_window_of_ten_minutes_the_trained_models_are_in_and_the_other_is_told(
    untrained: Trial,
) -> None:
    untrained.close_soon(seconds=WINDOW_SECONDS)
    said = numeri("run", "--json")
    states = {one["model"]: one["state"] for one in said.json["data"]["models"]}
    assert [states[name] for name in MODELS[1:]] == ["accepted", "accepted"]
    assert states[MODELS[0]] not in ("accepted", "already accepted")
    assert said.code == 1, said.out
    assert fetched(untrained, "train.parquet") == []
    for model in MODELS[1:]:
        untrained.require_one(model)


def test_a_stalled_live_download_ends_at_the_deadline(trial: Trial) -> None:
    trial.write_profile(read_seconds=60.0, more="")
    trial.front.trouble(stalled(fetches("live"), seconds=20.0))
    trial.close_soon(seconds=4.0)
    began = time.monotonic()
    said = numeri("run", "--json")
    assert time.monotonic() - began < 19.0  # it stalls for 20
    assert said.code == 6, said.out
    assert trial.rows() == []


def test_a_hosted_model_is_told_before_it_is_trained(untrained: Trial) -> None:
    untrained.other.host(MODELS[0])
    untrained.front.forget()
    said = numeri("run", "--json")
    assert said.code == 1, said.out
    [problem] = [one["problem"] for one in said.json["data"]["models"] if one["problem"]]
    assert problem["code"] == "hosted_model"
    assert fetched(untrained, "train.parquet") == []
    for model in MODELS[1:]:
        untrained.require_one(model)


def test_what_the_server_holds_is_asked_again_right_before_it_is_sent(trial: Trial) -> None:
    assert numeri("run").code == 0
    created = moments(trial, "createSubmission")[0]
    put = next(one for one in trial.front.passed if one.asking.method == "PUT")

    def looks(asking: Asking) -> bool:
        return asks("submissions")(asking) or asks("account")(asking)

    between = [one for one in trial.front.passed if put.at < one.at < created]
    assert any(looks(one.asking) for one in between)
