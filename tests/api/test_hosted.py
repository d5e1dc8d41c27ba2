"""What the server tells of hosted models, in whatever order, and what may be missing."""

from __future__ import annotations

from typing import Any

import pytest

from numeri_cli.api.client import Client
from numeri_cli.api.hosted import calls
from numeri_cli.errors import ApiChanged, ServerTrouble
from tests.support.scripted_server import Reply, Server, data, refusal

OLD, NEW = "2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z"
PICKLE = {
    "id": "p1", "filename": "a-0123456789ab.pkl", "label": None, "modelId": "m1",
    "assignedModelSlots": ["m1", None], "dataVersion": "v5.3", "dockerImageName": "Python 3.12",
    "validationStatus": "validated", "triggerStatus": None, "diagnosticsStatus": None,
    "diagnosticsStatusDescription": None, "runtime": 41, "insertedAt": OLD, "triggers": None,
}  # fmt: skip


def trigger(name: str, *times: str, **more: Any) -> dict[str, Any]:
    """A run whose states came at these times, named after their places."""
    statuses = [
        {"status": f"s{place}", "description": None, "insertedAt": time}
        for place, time in enumerate(times)
    ]
    plain = {"id": name, "status": "success", "roundId": None, "submissionId": None}
    return {**plain, "statuses": statuses, **more}


def test_pickles_runs_and_states_are_sorted_by_time_whatever_the_servers_order(
    server: Server, client: Client
) -> None:
    runs = [trigger("old", OLD), trigger("new", NEW, OLD.replace("01T", "02T"))]
    newer = {**PICKLE, "id": "p2", "insertedAt": NEW, "triggers": runs}
    server.script = [data(computePickles=[PICKLE, newer])]
    first, second = calls.pickles(client)
    assert (first.id, second.id) == ("p2", "p1")
    assert [one.id for one in first.triggers] == ["new", "old"]
    assert (second.slots, second.triggers) == (("m1",), ())
    server.script = [data(computePickles=[{**newer, "triggers": [trigger("x", NEW, OLD)]}])]
    found = calls.pickle(client, "p2")
    assert found is not None
    assert [status for status, _ in found.triggers[0].words] == ["s1", "s0"]


def test_lines_of_a_log_stand_in_the_order_of_their_times(server: Server, client: Client) -> None:
    lines = [{"timestamp": NEW, "message": "b"}, {"timestamp": OLD, "message": "a"}]
    server.script = [data(triggerLogs=[*lines, {"timestamp": NEW, "message": "c"}])]
    assert [one.message for one in calls.trigger_log(client, "t")] == ["a", "b", "c"]
    server.script = [data(triggerLogs=[*lines, {"timestamp": None, "message": None}])]
    assert [one.message for one in calls.trigger_log(client, "t")] == ["b", "a", ""]


def test_only_what_is_needed_of_a_pickle_must_be_there(server: Server, client: Client) -> None:
    needed = {"id": "p1", "validationStatus": "validating"}
    server.script = [data(computePickles=[needed])]
    [found] = calls.pickles(client)
    assert (found.filename, found.validated, found.refused) == ("", False, False)
    server.script = [data(computePickles=[{"id": "p1"}])]
    with pytest.raises(ApiChanged, match="validationStatus"):
        calls.pickles(client)


def test_after_a_lost_reply_a_pickle_is_looked_for_by_its_name_before_it_is_created_again(
    server: Server, client: Client
) -> None:
    server.script = [Reply(500), data(computePickles=[PICKLE])]
    made = calls.create(
        client, "a-0123456789ab.pkl", model_id="m1", image_id="i", data_version_id="d"
    )
    assert made == "p1"
    assert len([one for one in server.asked if "createComputePickleUpload" in one.query]) == 1


def test_after_a_lost_reply_a_webhook_is_not_called_again(server: Server, client: Client) -> None:
    server.script = [data(triggerModelWebhook="t1")]
    assert calls.call_webhook(client, "m1") == "t1"
    server.script = [Reply(500), refusal("never asked")]
    with pytest.raises(ServerTrouble, match="the answer to the call of the webhook was lost"):
        calls.call_webhook(client, "m1")
    assert len(server.asked) == 2
