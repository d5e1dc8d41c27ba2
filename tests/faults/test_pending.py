"""Another program's submission that the server has not settled: waited for, then judged."""

from __future__ import annotations

import pytest

from tests.support.trial import MODELS, Trial, numeri
from tests.support.troubles import Asking, Matches, asks

pytestmark = pytest.mark.waits

REFUSED = "invalid_submission_values"


def refuse(trial: Trial, submission_id: str) -> None:
    """The server's verdict, which it shows once it has taken its time."""
    with trial.tournament.store.writing() as connection:
        connection.execute(
            "UPDATE submissions SET error_info = ?, selected = 0 WHERE id = ?",
            (REFUSED, submission_id),
        )


@pytest.mark.parametrize("models", [MODELS[:1], MODELS], ids=["one model", "one of three"])
def test_a_pending_submission_that_the_server_then_refuses_is_followed_by_ours_in_the_same_run(
    trial: Trial, models: tuple[str, ...]
) -> None:
    trial.write_profile(models=models, settle_seconds=30.0, poll_seconds=0.3)
    trial.front.settling.settle_seconds = 2.0
    theirs = trial.other.create(trial.other.put())
    trial.front.forget()
    # it is listed as on time when the run begins, and refused while the run waits
    trial.front.when(_looks_at(theirs), lambda: refuse(trial, theirs))
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert {one["state"] for one in said.json["data"]["models"]} == {"accepted"}
    [before, ours] = trial.rows()
    assert (before["id"], before["error_info"], before["selected"]) == (theirs, REFUSED, 0)
    [outcome] = [one for one in said.json["data"]["models"] if one["model"] == MODELS[0]]
    assert (ours["id"], ours["selected"]) == (outcome["server_id"], 1)
    polls = [one.at for one in trial.front.asked("submissions") if _looks_at(theirs)(one.asking)]
    created = {_model_of(one.asking): one.at for one in trial.front.asked("createSubmission")}
    assert len(polls) > 1
    assert polls[1] < created[trial.other.model_id(MODELS[0])]
    for name in models[1:]:  # nobody else waited for that verdict
        assert created[trial.other.model_id(name)] < polls[1]


def test_a_pending_submission_that_is_never_settled_is_told_and_not_doubled(trial: Trial) -> None:
    trial.write_profile(settle_seconds=1.0)
    trial.front.settling.settle_seconds = 600.0
    theirs = trial.other.create(trial.other.put())
    said = numeri("run", "--json")
    assert said.code == 4, said.out
    assert said.problem["code"] == "submission_unconfirmed"
    assert theirs in said.problem["message"]
    assert [row["id"] for row in trial.rows()] == [theirs]


def _looks_at(submission_id: str) -> Matches:
    def matches(asking: Asking) -> bool:
        return asks("submissions")(asking) and submission_id in asking.variables.values()

    return matches


def _model_of(asking: Asking) -> str:
    return str(asking.variables["modelId"])
