"""Between the opening and the last proof nothing runs that is not a submission."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from numeri_cli.practice.market.universe import WorldSettings
from tests.support.trial import MODELS, Ground, Trial, numeri
from tests.support.troubles import Asking, asks, fetches, stalled

WINDOW_SECONDS = 600.0
SMALL = "{ n_estimators = 3, learning_rate = 0.1, max_depth = 3"
LARGE = "{ n_estimators = 2000, learning_rate = 0.01, max_depth = 5, num_leaves = 31"


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
    trial.write_profile(models=MODELS, settle_seconds=60.0)
    trial.front.settling.settle_seconds = 5.0
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    created = moments(trial, "createSubmission")
    assert len(created) == len(MODELS)
    assert created[-1] - created[0] < trial.front.settling.settle_seconds
    for model in MODELS:
        trial.require_one(model)


def test_polls_of_many_submissions_share_one_question(trial: Trial) -> None:
    trial.write_profile(models=MODELS, settle_seconds=60.0)
    trial.front.settling.settle_seconds = 3.0
    assert numeri("run").code == 0
    last = moments(trial, "createSubmission")[-1]
    polls = [one for one in trial.front.asked("submissions") if one.at > last]
    assert any(one.asking.names.count("submissions") == len(MODELS) for one in polls)
    assert len(trial.front.asked("account")) <= 3
    assert len(fetched(trial, "live")) == 1


def test_submit_sends_all_models_before_any_of_them_is_settled(trial: Trial) -> None:
    trial.write_profile(models=MODELS, settle_seconds=60.0)
    trial.front.settling.settle_seconds = 5.0
    said = numeri("submit", "--json")
    assert said.code == 0, said.out
    created = moments(trial, "createSubmission")
    assert len(created) == len(MODELS)
    assert created[-1] - created[0] < trial.front.settling.settle_seconds
    for model in MODELS:
        trial.require_one(model)


def spread(trial: Trial) -> float:
    """Seconds from the first createSubmission to the last."""
    created = moments(trial, "createSubmission")
    return created[-1] - created[0]


@pytest.fixture
def long_trial(
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Trial]:
    """A world whose validation data has eras that are far enough from training."""
    settings = WorldSettings(seed=1, stocks=600, eras=100, features=24, rivals=2)
    ground = Ground.make(tmp_path_factory.mktemp("long"), settings=settings)
    with ground.fresh(tmp_path, home, monkeypatch) as trial:
        yield trial


def test_no_submission_waits_for_a_score_of_large_models(long_trial: Trial, home: Path) -> None:
    """Five models of 2,000 trees: with validation.parquet here they are in as fast as without."""
    trial = long_trial
    names = (*MODELS, "tower", "wharf")
    for name in names[len(MODELS) :]:
        trial.tournament.add_model(name)
    trial.write_profile(models=names)
    profile = Path("numeri.toml")
    profile.write_text(profile.read_text().replace(SMALL, LARGE))
    assert numeri("train").code == 0
    assert numeri("download", "validation").code == 0
    trial.front.forget()
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert all(one["validation"] for one in said.json["data"]["models"])
    with_scores = spread(trial)
    trial.tournament.advance()
    (home / "data" / "datasets" / trial.key / "v5.3" / "validation.parquet").unlink()
    trial.front.forget()
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert not any(one["validation"] for one in said.json["data"]["models"])
    assert with_scores < 1.5 * spread(trial) + 0.5


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
    assert time.monotonic() - began < 12.0
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
