"""Fields that the server refuses, answers that hold nothing, an edge that says no: asked again."""

from __future__ import annotations

import pytest

from numeri_cli.api.client import Client
from numeri_cli.api.documents import read_document
from numeri_cli.errors import ApiChanged, DatasetUnknown, NumeriError, RateLimited, ServerTrouble
from tests.support.api_answers import ROUND, SUBMISSION
from tests.support.heard import Heard
from tests.support.scripted_server import KEYS, QUICK, Asked, Reply, Server, data, refusal

EDGE = Reply(403, b"<html><h1>403 ERROR</h1>Request blocked.</html>")


def unknown(field: str, kind: str) -> Reply:
    return refusal(f'Cannot query field "{field}" on type "{kind}". Did you mean "other"?')


class Pickier:
    """Refuses documents with certain fields, one field at a time."""

    def __init__(self, **refused: str) -> None:
        self.refused = refused

    def __call__(self, asked: Asked) -> Reply:
        for field, kind in self.refused.items():
            if field in asked.query.replace("{", " ").split():
                return unknown(field, kind)
        return data(rounds=[ROUND], submissions=[SUBMISSION])


def test_a_document_refused_for_a_field_is_asked_again_without_it_and_then_always(
    server: Server,
) -> None:
    server.answer = Pickier(payoutFactor="Round", target="Round")
    heard = Heard()
    with Client(server.url, keys=KEYS, limits=QUICK, listener=heard) as client:
        assert client.current_round().number == 1374
        assert len(server.asked) == 3
        client.rounds(limit=1)
        assert len(server.asked) == 4
    assert "payoutFactor" not in server.asked[-1].query
    assert "stakeThreshold" in server.asked[-1].query
    assert [words.split(";")[0] for words in heard.said] == [
        "the API changed: it has no field payoutFactor of Round",
        "the API changed: it has no field target of Round",
    ]


def test_a_type_by_another_name_is_no_hindrance(server: Server, client: Client) -> None:
    server.answer = Pickier(filteredCount="RenamedSubmission")
    assert client.submission("s1") is not None
    assert "filteredCount" not in server.asked[-1].query


@pytest.mark.parametrize(
    ("field", "kind"), [("openTime", "Round"), ("rounds", "RootQueryType"), ("fiction", "Round")]
)
def test_a_refused_field_that_is_needed_stops_in_the_servers_words(
    server: Server, client: Client, field: str, kind: str
) -> None:
    server.answer = lambda _: unknown(field, kind)
    with pytest.raises(ApiChanged, match=f'Cannot query field "{field}" on type "{kind}"'):
        client.current_round()
    assert len(server.asked) == 1


def test_a_server_that_refuses_for_ever_is_not_asked_for_ever(
    server: Server, client: Client
) -> None:
    server.answer = lambda _: unknown("target", "Round")
    with pytest.raises(ApiChanged):
        client.current_round()
    assert len(server.asked) == 2


@pytest.mark.parametrize("reply", [EDGE, data(rounds=None), Reply(200, b'{"data": null}')])
def test_one_answer_from_the_edge_or_with_nothing_in_it_is_asked_for_again(
    server: Server, client: Client, reply: Reply
) -> None:
    server.script = [reply, data(rounds=[ROUND])]
    assert client.current_round().number == 1374
    assert len(server.asked) == 2


@pytest.mark.parametrize("reply", [EDGE, data(createSubmission=None)])
def test_a_submission_is_looked_for_before_it_is_sent_again(
    server: Server, client: Client, reply: Reply
) -> None:
    server.script = [reply, data(submissions=[]), data(createSubmission={"id": "s1"})]
    assert client.create_submission("a-1.csv", model_id="7") == "s1"
    server.script = [reply, data(submissions=[SUBMISSION])]
    assert client.create_submission("a-1.csv", model_id="7") == "s1"
    names = [read_document(asked.query).root_names[0] for asked in server.asked]
    assert names == ["createSubmission", "submissions", "createSubmission", *names[:2]]


def test_an_edge_that_goes_on_saying_no_is_trouble_and_no_refusal_of_ours(
    server: Server, client: Client
) -> None:
    server.answer = lambda _: EDGE
    with pytest.raises(ServerTrouble, match=r"before 127.+ answered 403 Forb") as caught:
        client.current_round()
    assert "firewall" in caught.value.hint
    assert len(server.asked) == QUICK.attempts


def test_a_refusal_in_the_servers_own_words_is_none_of_the_edge(
    server: Server, client: Client
) -> None:
    server.answer = lambda _: Reply(403, b'{"errors": {"detail": "not for you"}}')
    with pytest.raises(NumeriError, match="refused: not for you"):
        client.current_round()
    assert len(server.asked) == 1


def test_an_answer_that_stays_null_is_named(server: Server, client: Client) -> None:
    server.answer = lambda _: Reply(200, b'{"data": null}')
    with pytest.raises(ApiChanged, match="field data of the answer is null"):
        client.list_datasets()
    assert len(server.asked) == QUICK.attempts


def test_a_file_that_is_twice_nothing_is_none(server: Server, client: Client) -> None:
    server.answer = lambda _: data(dataset=None)
    with pytest.raises(DatasetUnknown):
        client.dataset_url("v5.3/live.parquet")
    assert len(server.asked) == 2


def test_a_pause_that_is_longer_than_our_patience_is_told_with_its_time(
    server: Server, client: Client
) -> None:
    server.answer = lambda _: Reply(429, headers={"Retry-After": "660"})
    with pytest.raises(RateLimited, match="come back in 11 minutes") as caught:
        client.current_round()
    assert caught.value.after_seconds == 660.0
    assert "in 11 minutes" in caught.value.hint
    server.answer = lambda _: Reply(503, headers={"Retry-After": "45"})
    with pytest.raises(ServerTrouble, match=r"503 .+come back in 45 seconds"):
        client.current_round()
