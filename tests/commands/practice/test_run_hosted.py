"""numeri practice serve --run-hosted: uploaded models run in the sandbox, for this machine only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from numeri_cli.commands.context import Context
from numeri_cli.commands.practice.run_hosted import SandboxRunner
from numeri_cli.home import Home
from numeri_cli.hosted.interpreters import own_interpreter
from tests.support.hosted_pickles import sound, write_pickle
from tests.support.program import numeri, practice
from tests.support.runner import Numeri
from tests.support.served import served
from tests.support.wire import Wire

__all__ = ["numeri", "practice"]

PATIENCE_SECONDS = 300
AUTH = '{ computePickleUploadAuth(filename: "model.pkl") { filename url } }'
IMAGES = "{ computePickleDockerImages { id name } }"
CREATE = """mutation($n: String!, $m: ID, $i: ID) {
    createComputePickleUpload(filename: $n, tournament: 8, modelId: $m, dockerImageId: $i) {
        id } }"""
ASSIGN = "mutation($m: String, $p: ID) { assignPickleToModel(modelId: $m, pickleId: $p) }"
TRIGGER = """mutation($m: ID, $p: ID) {
    triggerComputePickleUpload(modelId: $m, pickleId: $p, triggerValidation: false) { id } }"""
SHOW = """query($id: ID) { computePickles(id: $id) { validationStatus triggerStatus
    triggers { id submissionId } } }"""
LOGS = "query($t: ID!) { triggerLogs(triggerId: $t) { message } }"


@pytest.fixture
def wire(practice: Path) -> Iterator[Wire]:
    """A server that runs what is uploaded, with this machine's packages."""
    runner = SandboxRunner(Context(home=Home.find(), asked_tournament="practice"), bare=True)
    with (
        served(practice, hosted_runner=runner) as server,
        httpx.Client(base_url=server.address) as http,
    ):
        yield Wire(http, "Token {}${}".format(*server.keys))


def uploaded(wire: Wire, content: bytes) -> str:
    """A pickle for the image of this Python; its id."""
    auth = wire.data(AUTH)["computePickleUploadAuth"]
    assert wire.http.put(auth["url"], content=content).status_code == 200
    wanted = f"Python {own_interpreter().minor}"
    images = wire.data(IMAGES)["computePickleDockerImages"]
    image = next(one["id"] for one in images if one["name"] == wanted)
    made = wire.data(CREATE, n=auth["filename"], m=wire.model(), i=image)
    return str(made["createComputePickleUpload"]["id"])


def ended(wire: Wire, pickle_id: str, status: str) -> Any:
    """The pickle once its status is no longer one of work."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        [found] = wire.data(SHOW, id=pickle_id)["computePickles"]
        if found[status] not in ("pending", "validating", "running"):
            return found
        time.sleep(0.05)
    raise AssertionError("it never came to an end")


def test_an_uploaded_model_is_run_and_what_it_predicts_is_submitted(
    wire: Wire, tmp_path: Path
) -> None:
    pickle_id = uploaded(wire, write_pickle(tmp_path / "model.pkl", sound).read_bytes())
    assert ended(wire, pickle_id, "validationStatus")["validationStatus"] == "validated"
    wire.data(ASSIGN, m=wire.model(), p=pickle_id)
    wire.data(TRIGGER, m=wire.model(), p=pickle_id)
    found = ended(wire, pickle_id, "triggerStatus")
    assert found["triggerStatus"] == "success"
    submission = wire.submission(found["triggers"][0]["submissionId"])
    assert (submission["selected"], submission["errorInfo"]) == (True, None)


def test_an_uploaded_model_that_fails_is_told_why_in_its_log(wire: Wire) -> None:
    pickle_id = uploaded(wire, b"cmy_own_features\npredict\n.")
    found = ended(wire, pickle_id, "validationStatus")
    assert found["validationStatus"] == "failed"
    [run] = found["triggers"]
    said = [one["message"] for one in wire.data(LOGS, t=run["id"])["triggerLogs"]]
    assert said[-1].startswith("the module 'my_own_features' is pickled by its name only")


def test_what_is_not_asked_by_this_machine_under_its_own_name_is_refused(wire: Wire) -> None:
    for name in ("192.168.0.7:8000", "models.example"):
        answer = wire.http.post("/", json={"query": "{ __typename }"}, headers={"Host": name})
        assert answer.status_code == 403
        assert answer.reason_phrase == "This tournament answers programs of its own machine only"
    assert wire.post("{ __typename }").status_code == 200


def test_there_is_no_other_address_to_serve_at(numeri: Numeri) -> None:
    for option in ("--host", "--address"):
        said = numeri("practice", "serve", "--run-hosted", option, "192.168.0.7")
        assert said.code == 2
        assert f"No such option: {option}" in said.err


def test_bare_without_run_hosted_is_refused(numeri: Numeri) -> None:
    said = numeri("practice", "serve", "--bare")
    assert said.code == 2
    assert "--bare says nothing without --run-hosted" in said.err
