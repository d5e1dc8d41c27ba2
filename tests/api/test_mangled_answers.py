"""Answers mangled at random end in a record or in an error of our tree, in nothing else."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numeri_cli.api.client import Client
from numeri_cli.api.http.limits import Limits
from numeri_cli.errors import NumeriError
from tests.support.api_questions import QUESTIONS
from tests.support.json_places import places
from tests.support.scripted_server import KEYS

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
