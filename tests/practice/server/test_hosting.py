"""Every state of an uploaded model on the practice wire, as a script of the test's decides."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from numeri_cli.practice.server.hosted_runs import HostedState
from numeri_cli.practice.tournament import Tournament
from tests.support.hosting_script import FAILED, SILENT, HostingScript
from tests.support.receiver import receiving
from tests.support.tournaments import let_the_window_pass
from tests.support.wire import Wire

CONTENT = pickle.dumps({"a": [1, 2, 3]})
AUTH = """query($m: ID) { computePickleUploadAuth(filename: "model.pkl", modelId: $m) {
    filename url } }"""
CREATE = """mutation($n: String!, $m: ID) {
    createComputePickleUpload(filename: $n, tournament: 8, modelId: $m, source: "numeri") {
        id validationStatus } }"""
ASSIGN = "mutation($m: String, $p: ID) { assignPickleToModel(modelId: $m, pickleId: $p) }"
SHOW = """query($id: ID) { computePickles(id: $id) {
    id filename modelId assignedModelSlots validationStatus diagnosticsStatus
    diagnosticsStatusDescription triggerStatus runtime dockerImageName dataVersion label
    triggers { id status roundId submissionId statuses { status description insertedAt } } } }"""
TRIGGER = """mutation($m: ID, $p: ID, $v: Boolean) {
    triggerComputePickleUpload(modelId: $m, pickleId: $p, triggerValidation: $v) {
        id triggerStatus } }"""
LOGS = "query($t: ID!) { triggerLogs(triggerId: $t) { timestamp message } }"
ASSIGNED = """{ account { models { id name submissionWebhook computeEnabled
    computePickleUpload { id filename validationStatus triggerStatus } } } }"""
SET_WEBHOOK = """mutation($m: String, $w: String) {
    setSubmissionWebhook(modelId: $m, newSubmissionWebhook: $w) }"""
CALL_WEBHOOK = "mutation($m: ID!) { triggerModelWebhook(modelId: $m) }"


def uploaded(wire: Wire) -> Any:
    """A pickle at the server, as createComputePickleUpload shows it."""
    auth = wire.data(AUTH, m=wire.model())["computePickleUploadAuth"]
    assert wire.http.put(auth["url"], content=CONTENT).status_code == 200
    return wire.data(CREATE, n=auth["filename"], m=wire.model())["createComputePickleUpload"]


def shown(wire: Wire, pickle_id: str) -> Any:
    """The pickle as the server lists it."""
    [found] = wire.data(SHOW, id=pickle_id)["computePickles"]
    return found


def slot(wire: Wire) -> Any:
    """The model slot as its owner sees it."""
    return wire.data(ASSIGNED)["account"]["models"][0]


def test_a_validation_goes_a_step_further_with_each_look(tournament: Tournament) -> None:
    script = HostingScript()
    with Wire.inside(tournament, hosted_runner=script) as wire:
        made = uploaded(wire)
        assert made["validationStatus"] == "validating"
        refused = wire.refusal(ASSIGN, m=wire.model(), p=made["id"])
        assert refused == "Pickle is not validated yet"
        assert shown(wire, made["id"])["validationStatus"] == "validating"
        found = shown(wire, made["id"])
        assert found["validationStatus"] == "validated"
        assert (found["dataVersion"], found["dockerImageName"]) == ("v5.3", "Python 3.12")
        [trigger] = found["triggers"]
        assert [one["status"] for one in trigger["statuses"]] == ["validating", "validated"]
        assert [one["message"] for one in wire.data(LOGS, t=trigger["id"])["triggerLogs"]] == [
            "fine"
        ]
    run, diagnostics = script.runs
    assert diagnostics.kind == "diagnostics"
    assert (run.kind, run.python, run.data_version, run.model_name) == (
        "validation",
        "3.12",
        "v5.3",
        "lighthouse",
    )
    assert run.file.read_bytes() == CONTENT


def test_a_model_that_failed_has_a_log_and_is_not_assigned(tournament: Tournament) -> None:
    with Wire.inside(tournament, hosted_runner=HostingScript(validation=FAILED)) as wire:
        made = uploaded(wire)
        shown(wire, made["id"])
        found = shown(wire, made["id"])
        assert found["validationStatus"] == "failed"
        [trigger] = found["triggers"]
        assert trigger["statuses"][-1]["description"] == "the model raised"
        messages = [one["message"] for one in wire.data(LOGS, t=trigger["id"])["triggerLogs"]]
        assert messages[0] == "Downloading live.parquet"
        assert "ModuleNotFoundError: No module named 'my_features'" in messages
        assert wire.refusal(ASSIGN, m=wire.model(), p=made["id"]) == "Pickle failed validation"
        assert wire.refusal(TRIGGER, m=wire.model(), p=made["id"]) == "Pickle failed validation"


def test_a_silent_validator_stays_where_it_is_until_another_server_takes_the_run_up(
    tournament: Tournament,
) -> None:
    with Wire.inside(tournament, hosted_runner=HostingScript(validation=SILENT)) as wire:
        made = uploaded(wire)
        seen = {shown(wire, made["id"])["validationStatus"] for _ in range(5)}
        assert seen == {"validating"}
    with Wire.inside(tournament) as wire:
        shown(wire, made["id"])
        assert shown(wire, made["id"])["validationStatus"] == "validated"


def test_an_assigned_model_is_triggered_and_what_it_predicts_is_submitted(
    tournament: Tournament, wire: Wire
) -> None:
    predictions = wire.predictions().to_csv(index=False).encode()
    script = HostingScript(
        round=(
            HostedState(status="pending"),
            HostedState(status="running", log=("predicting",)),
            HostedState(status="success", predictions=predictions),
        )
    )
    with Wire.inside(tournament, hosted_runner=script) as hosting:
        made = uploaded(hosting)
        shown(hosting, made["id"])
        hosting.data(ASSIGN, m=hosting.model(), p=made["id"])
        assert slot(hosting)["computePickleUpload"]["id"] == made["id"]
        assert slot(hosting)["computeEnabled"] is True
        asked = hosting.data(TRIGGER, m=hosting.model())["triggerComputePickleUpload"]
        assert asked == {"id": made["id"], "triggerStatus": "pending"}
        assert shown(hosting, made["id"])["triggerStatus"] == "pending"
        assert shown(hosting, made["id"])["triggerStatus"] == "running"
        ended = shown(hosting, made["id"])
        assert ended["triggerStatus"] == "success"
        submission = hosting.submission(ended["triggers"][0]["submissionId"])
    assert (submission["selected"], submission["errorInfo"]) == (True, None)
    assert submission["round"]["number"] == tournament.status().round_number
    assert wire.data(ASSIGN, m=wire.model(), p=None) == {"assignPickleToModel": "true"}
    assert slot(wire)["computePickleUpload"] is None


@pytest.mark.parametrize("window_passed", [False, True])
def test_practice_runs_nothing_by_itself_and_says_so_in_the_log(
    tournament: Tournament, wire: Wire, window_passed: bool
) -> None:
    made = uploaded(wire)
    if window_passed:
        let_the_window_pass(tournament)
    wire.data(TRIGGER, m=wire.model(), p=made["id"])
    found = shown(wire, made["id"])
    [line] = wire.data(LOGS, t=found["triggers"][0]["id"])["triggerLogs"]
    if window_passed:  # the words that mean: validated
        assert (found["triggerStatus"], line["message"]) == ("success", "No currently open rounds!")
    else:
        assert found["triggerStatus"] == "failed"
        assert "runs none of them" in line["message"]
    wire.data(TRIGGER, m=wire.model(), p=made["id"], v=True)
    newest, _, _ = shown(wire, made["id"])["triggers"]
    assert newest["status"] == "validated"


def test_diagnostics_begin_after_the_validation_and_have_a_log_of_their_own(
    tournament: Tournament,
) -> None:
    script = HostingScript(
        diagnostics=(
            HostedState(status="running", log=("era 0001",)),
            HostedState(status="error", description="out of memory", log=("Killed",)),
        )
    )
    query = "query($p: ID!) { diagnosticsTriggerLogs(pickleId: $p) { message } }"
    with Wire.inside(tournament, hosted_runner=script) as wire:
        made = uploaded(wire)
        assert wire.data(query, p=made["id"])["diagnosticsTriggerLogs"] == []
        seen = [shown(wire, made["id"])["diagnosticsStatus"] for _ in range(3)]
        assert seen == [None, "running", "error"]
        assert shown(wire, made["id"])["diagnosticsStatusDescription"] == "out of memory"
        lines = wire.data(query, p=made["id"])["diagnosticsTriggerLogs"]
        assert [one["message"] for one in lines] == ["era 0001", "Killed"]


def test_a_model_is_labelled_and_handed_out_again_as_it_was_uploaded(wire: Wire) -> None:
    made = uploaded(wire)
    name = "mutation($p: ID!) { updatePickleLabel(pickleId: $p, label: $l) { label } }"
    name = name.replace("($p: ID!)", "($p: ID!, $l: String)", 1)
    assert wire.data(name, p=made["id"], l="of May")["updatePickleLabel"] == {"label": "of May"}
    query = (
        "query($m: ID!, $p: ID) { computePickleDownloadAuth(modelId: $m, pickleId: $p) { url } }"
    )
    auth = wire.data(query, m=wire.model(), p=made["id"])["computePickleDownloadAuth"]
    assert wire.http.get(auth["url"]).content == CONTENT
    assert wire.refusal(query, m=wire.model()) == "Pickle not found"  # none is assigned


def test_the_address_for_a_model_takes_no_content_type(wire: Wire) -> None:
    auth = wire.data(AUTH, m=wire.model())["computePickleUploadAuth"]
    kind = {"Content-Type": "application/octet-stream"}
    refused = wire.http.put(auth["url"], content=CONTENT, headers=kind)
    assert (refused.status_code, "SignatureDoesNotMatch" in refused.text) == (403, True)
    assert wire.http.put(auth["url"], content=CONTENT).status_code == 200


def test_a_webhook_is_kept_shown_called_and_taken_off(wire: Wire, tmp_path: Path) -> None:
    with receiving() as receiver:
        address = f"{receiver.address}/a-long-way-to-guess"
        assert wire.data(SET_WEBHOOK, m=wire.model(), w=address)["setSubmissionWebhook"] == "true"
        assert slot(wire)["submissionWebhook"] == address
        trigger = wire.data(CALL_WEBHOOK, m=wire.model())["triggerModelWebhook"]
        [post] = receiver.received
    assert (post.path, post.json) == ("/a-long-way-to-guess", {"triggerId": trigger})
    [line] = wire.data(LOGS, t=trigger)["triggerLogs"]
    assert line["message"] == "the webhook answered 200"
    wire.data(SET_WEBHOOK, m=wire.model(), w=None)
    assert slot(wire)["submissionWebhook"] is None


def test_a_webhook_of_another_machine_is_not_called(wire: Wire) -> None:
    wire.data(SET_WEBHOOK, m=wire.model(), w="https://192.0.2.1/x")
    trigger = wire.data(CALL_WEBHOOK, m=wire.model())["triggerModelWebhook"]
    [line] = wire.data(LOGS, t=trigger)["triggerLogs"]
    assert "on this machine only" in line["message"]
    refused = wire.refusal(SET_WEBHOOK, m=wire.model(), w="file:///etc/passwd")
    assert refused == "invalid webhook: must be a URL"


@pytest.mark.parametrize(
    ("query", "scope"),
    [
        (CALL_WEBHOOK, "upload_submission"),
        (
            "mutation($m: ID!) { triggerComputePickleUpload(modelId: $m) { id } }",
            "upload_submission",
        ),
        (
            "query($m: ID!) { computePickleDownloadAuth(modelId: $m) { url } }",
            "download_submission",
        ),
        ("query($m: ID!) { triggerLogs(triggerId: $m) { message } }", "read_submission_info"),
    ],
)
def test_a_key_without_the_scope_is_refused(
    tournament: Tournament, wire: Wire, query: str, scope: str
) -> None:
    poor = wire.with_keys(*tournament.add_key(name="poor", scopes=("read_user_info",)))
    assert poor.refusal(query, m=wire.model()) == f"Insufficient permission for {scope}"
