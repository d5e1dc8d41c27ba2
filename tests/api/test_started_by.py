"""What has started a run is passed on to the server, where it is an id."""

from __future__ import annotations

import pytest

from numeri_cli.api.client import Client
from numeri_cli.api.files.upload import upload
from numeri_cli.api.http.connection import Connector
from numeri_cli.api.started_by import StartedBy, plain_id
from tests.support.scripted_server import KEYS, QUICK, Reply, Server, data


def test_a_submission_names_the_trigger_that_asked_for_it(server: Server) -> None:
    started_by = StartedBy.of_environment({"TRIGGER_ID": "6b1f-22"})
    server.answer = lambda asked: data(createSubmission={"id": "s1"})
    with Client(server.url, keys=KEYS, limits=QUICK, started_by=started_by) as client:
        assert client.create_submission("a-1.csv", model_id="7") == "s1"
    with Client(server.url, keys=KEYS, limits=QUICK) as client:
        assert client.create_submission("a-1.csv", model_id="7") == "s1"
    assert [asked.variables["triggerId"] for asked in server.asked] == ["6b1f-22", None]


def test_an_upload_names_the_machine_that_numerai_started(server: Server) -> None:
    started_by = StartedBy.of_environment({"NUMERAI_COMPUTE_ID": "c-7"})
    server.answer = lambda asked: Reply(200)
    for headers in (started_by.upload_headers, StartedBy().upload_headers):
        upload(
            connector=Connector(QUICK),
            url=f"{server.url}/put",
            content=b"id,prediction\n",
            name="a.csv",
            headers=headers,
        )
    assert [asked.headers.get("x_compute_id") for asked in server.asked] == ["c-7", None]
    assert {asked.headers["content-length"] for asked in server.asked} == {"14"}


@pytest.mark.parametrize("value", ["", "a b", "$(reboot)", "x" * 65, "a\nb", "ä", 7, None, ["a"]])
def test_what_is_no_id_is_not_passed_on(value: object) -> None:
    assert plain_id(value) is None
    text = value if isinstance(value, str) else "no id"
    found = StartedBy.of_environment({"TRIGGER_ID": text, "NUMERAI_COMPUTE_ID": text})
    assert (found.trigger_id, found.compute_id) == (None, None)
    assert found.ignored == (("TRIGGER_ID", "NUMERAI_COMPUTE_ID") if text else ())
