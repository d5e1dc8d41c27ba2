"""Answers mangled at random end in a record or in an error of our tree, in nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numeri_cli.api.client import Client
from numeri_cli.api.http.limits import Limits
from numeri_cli.errors import NumeriError
from tests.support.api_answers import ROUND, SUBMISSION
from tests.support.scripted_server import KEYS

ROW = {"roundNumber": 5, "status": "on-time", "id": "s", "filename": "f", "timestamp": None}
MODEL = {"id": 7, "name": "a", "tournament": 8, "computePickleUpload": None}
AUTHORIZATION = {"filename": "x-1.csv", "url": "https://store.test/x?sig=1"}
CONFIG = {
    "name": "mmc", "displayName": "MMC", "isPayout": True, "defaultMultiplier": 1.0,
    "clipThreshold": None, "totalScoreDays": 60, "returnsLagDays": 2, "version": "3",
    "payoutFactor": "1",
}  # fmt: skip

QUESTIONS: dict[str, tuple[Callable[[Client], object], dict[str, Any]]] = {
    "now": (Client.now, {"__typename": "RootQueryType"}),
    "current_round": (Client.current_round, {"rounds": [ROUND]}),
    "round_rules": (
        lambda client: client.round_rules(5),
        {"rounds": [{**ROUND, "roundScoreConfigs": [CONFIG]}]},
    ),
    "list_datasets": (Client.list_datasets, {"listDatasets": ["a", "b"]}),
    "dataset_url": (lambda client: client.dataset_url("a"), {"dataset": "https://store.test/a"}),
    "token_info": (
        Client.token_info,
        {"apiTokenInfo": {"accountUsername": "me", "publicId": "A", "scopes": ["stake"]}},
    ),
    "models": (Client.models, {"account": {"models": [MODEL]}}),
    "latest_submissions": (
        Client.latest_submissions,
        {"account": {"models": [{**MODEL, "latestSubmissions": [ROW]}]}},
    ),
    "submissions": (lambda client: client.submissions("7"), {"submissions": [SUBMISSION]}),
    "upload_authorization": (
        lambda client: client.upload_authorization("x.csv", model_id="7"),
        {"submissionUploadAuth": AUTHORIZATION},
    ),
    "create_submission": (
        lambda client: client.create_submission("x.csv", model_id="7"),
        {"createSubmission": {"id": "s1"}},
    ),
}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["9999-12-31T23:59:59-12:00", "0001-01-01", "1e999999", "sNaN", "-", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path into a JSON value, that of the whole included."""
    if isinstance(value, dict):
        return [path, *(p for k, v in value.items() for p in places(v, (*path, k)))]
    if isinstance(value, list):
        return [path, *(p for k, v in enumerate(value) for p in places(v, (*path, k)))]
    return [path]


@st.composite
def mangled(draw: st.DrawFn) -> tuple[str, bytes, int, dict[str, str]]:
    """A question, and an answer that was good before something happened to it."""
    name = draw(st.sampled_from(sorted(QUESTIONS)))
    answer: Any = copy.deepcopy({"data": QUESTIONS[name][1]})
    if draw(st.booleans()):
        answer["errors"] = draw(JSON)
    for _ in range(draw(st.integers(0, 3))):
        *above, last = draw(st.sampled_from(places(answer))) or (None,)
        if last is None:
            answer = draw(JSON)
            break
        holder = answer
        for step in above:
            holder = holder[step]
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = draw(JSON)
    body = json.dumps(answer).encode()
    if draw(st.integers(0, 9)) == 0:
        body = body[: draw(st.integers(0, len(body)))] + draw(st.binary(max_size=5))
    status = draw(st.sampled_from([200] * 8 + [204, 302, 400, 401, 403, 418, 500, 599]))
    headers = draw(
        st.fixed_dictionaries(
            {"Date": st.sampled_from(["Sat, 21 Mar 2026 12:05:00 GMT", "x", ""])},
            optional={
                "Retry-After": st.sampled_from(["1", "-1", "x", "9" * 400, "²"]),
                "Location": st.text(st.characters(codec="latin-1")),
            },
        )
    )
    return name, body, status, headers


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=mangled())
def test_a_mangled_answer_gives_a_record_or_an_error_of_ours(
    case: tuple[str, bytes, int, dict[str, str]],
) -> None:
    name, body, status, headers = case
    raw = [(key.encode(), value.encode("latin-1")) for key, value in headers.items()]
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=raw, content=body))
    with Client(
        "https://tournament.test/", keys=KEYS, transport=transport, limits=Limits(attempts=1)
    ) as client:
        try:
            said = repr(QUESTIONS[name][0](client))
        except NumeriError as error:
            said = error.message
    assert said
    said.encode()  # can be printed


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_the_same_answer_unmangled_is_understood(name: str) -> None:
    ask, content = QUESTIONS[name]
    headers = {"Date": "Sat, 21 Mar 2026 12:05:00 GMT"}
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, headers=headers, json={"data": content})
    )
    with Client("https://tournament.test/", keys=KEYS, transport=transport) as client:
        assert ask(client)
