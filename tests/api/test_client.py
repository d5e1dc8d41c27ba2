"""One method per question: what is sent, what comes back, and the reply that got lost."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Any

import pytest

from numeri_cli.api.client import Client
from numeri_cli.errors import (
    ApiChanged,
    ApiRefused,
    DatasetUnknown,
    NoRoundOpen,
    NumeriError,
    ServerTrouble,
)
from numeri_cli.records import LatestSubmission, ModelSlot, Submission, TokenInfo
from tests.support.api_answers import ROUND, SUBMISSION
from tests.support.heard import Heard
from tests.support.scripted_server import (
    HASTY,
    KEYS,
    QUICK,
    Asked,
    Reply,
    Server,
    data,
    limits_for,
    refusal,
)


def test_the_current_round_is_read(server: Server, client: Client) -> None:
    server.script = [data(rounds=[ROUND])]
    found = client.current_round()
    assert (found.number, found.data_datestamp) == (1374, 20260320)
    assert found.deadline == datetime(2026, 3, 22, 14, tzinfo=UTC)
    assert found.payout_factor == Decimal("0.85")
    assert server.asked[0].variables == {"tournament": 8}


def test_a_round_without_a_staking_close_falls_back_on_its_close(
    server: Server, client: Client
) -> None:
    server.script = [data(rounds=[{**ROUND, "closeStakingTime": None}])]
    assert client.current_round().deadline == datetime(2026, 4, 20, tzinfo=UTC)
    server.script = [data(rounds=[{**ROUND, "closeStakingTime": None, "closeTime": None}])]
    with pytest.raises(ApiChanged, match="closeStakingTime of Round is null"):
        client.current_round()


@pytest.mark.parametrize(
    "answer",
    [data(rounds=[None]), data(rounds=[]), refusal("Current round not open for submissions")],
)
def test_between_rounds_none_is_open(server: Server, client: Client, answer: Reply) -> None:
    server.script = [answer]
    with pytest.raises(NoRoundOpen):
        client.current_round()


NEEDED = ("number", "openTime", "closeStakingTime")


@pytest.mark.parametrize("field", NEEDED)
def test_a_field_that_is_gone_is_named(server: Server, client: Client, field: str) -> None:
    server.script = [data(rounds=[{k: v for k, v in ROUND.items() if k != field}])]
    with pytest.raises(ApiChanged, match=f"the API changed: field {field} of Round is missing"):
        client.current_round()


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("number", "1374", "a whole number"),
        ("number", True, "a whole number"),
        ("number", 10**30, "a whole number"),
        ("number", None, "a whole number"),
        ("openTime", "soon", "a time"),
        ("openTime", None, "a time"),
        ("openTime", 12, "a time"),
        ("closeStakingTime", "9999-12-31T23:59:59-23:00", "a time"),
    ],
)
def test_a_field_of_another_type_is_named(
    server: Server, client: Client, field: str, value: object, expected: str
) -> None:
    server.script = [data(rounds=[{**ROUND, field: value}])]
    with pytest.raises(ApiChanged, match=f"field {field} of Round is not {expected}"):
        client.current_round()


ODD = [
    ("closeTime", "9999-12-31T23:59:59-23:00", "close_time"),
    ("resolveTime", "in a while", "resolve_time"),
    ("dataDatestamp", "20260320", "data_datestamp"),
    ("target", True, "target"),
    ("payoutFactor", "much", "payout_factor"),
    ("payoutFactor", "NaN", "payout_factor"),
    ("stakeThreshold", "72000", "stake_threshold"),
    ("stakeThreshold", 10**400, "stake_threshold"),
    ("id", [], "id"),
]


@pytest.mark.parametrize(("field", "value", "name"), ODD)
def test_an_odd_field_that_nobody_needs_is_none_and_told_once(
    server: Server, field: str, value: object, name: str
) -> None:
    heard = Heard()
    server.answer = lambda _: data(rounds=[{**ROUND, field: value}])
    with Client(server.url, keys=KEYS, limits=QUICK, listener=heard) as client:
        found = client.current_round()
        client.current_round()
    assert (found.number, getattr(found, name)) == (1374, None)
    [words] = heard.said
    assert f"field {field} of Round is not" in words


@pytest.mark.parametrize("field", sorted(set(ROUND) - set(NEEDED)))
def test_without_a_field_that_nobody_needs_a_round_is_read(
    server: Server, client: Client, field: str
) -> None:
    server.script = [data(rounds=[{k: v for k, v in ROUND.items() if k != field}])]
    found = client.current_round()
    assert (found.number, found.tournament) == (1374, 8)
    assert found.deadline == datetime(2026, 3, 22, 14, tzinfo=UTC)


def test_rounds_and_their_rules_are_read(server: Server, client: Client) -> None:
    server.script = [data(rounds=[ROUND, None, {**ROUND, "number": 1373}])]
    assert [item.number for item in client.rounds(limit=2, status="OPEN")] == [1374, 1373]
    assert server.asked[0].variables["status"] == "OPEN"
    config = {
        "name": "canon_mmc60", "displayName": "MMC60", "isPayout": True, "defaultMultiplier": 15.0,
        "clipThreshold": 1.0, "totalScoreDays": 60, "returnsLagDays": 2,
    }  # fmt: skip
    server.script = [data(rounds=[{**ROUND, "roundScoreConfigs": [config]}])]
    rules = client.round_rules(1374)
    assert rules is not None
    assert (rules.score_configs[0].name, rules.score_configs[0].multiplier) == ("canon_mmc60", 15.0)
    assert (rules.score_configs[0].version, rules.score_configs[0].payout_factor) == (None, None)
    real = {
        **config, "name": "correlation", "version": "3", "displayName": "corr60",
        "payoutFactor": "0.35",
    }  # fmt: skip
    server.script = [data(rounds=[{**ROUND, "target": "60d", "roundScoreConfigs": [real, None]}])]
    told = client.round_rules(1374)
    assert told is not None
    [one] = told.score_configs
    assert (one.name, one.version, one.display_name) == ("correlation", "3", "corr60")
    assert (one.payout_factor, told.target) == (Decimal("0.35"), "60d")
    server.script = [data(rounds=[])]
    assert client.round_rules(9) is None


def test_keys_models_and_submissions_are_read(server: Server, client: Client) -> None:
    server.script = [
        data(apiTokenInfo={"accountUsername": "me", "publicId": "AB", "scopes": ["stake"]}),
        data(
            account={
                "models": [
                    {"id": 7, "name": "a", "tournament": 8, "computePickleUpload": None},
                    {"id": "8", "name": "b", "tournament": 8, "computePickleUpload": {"id": "p"}},
                    {"id": "9", "name": "c", "tournament": 11, "computePickleUpload": None},
                ]
            }
        ),
        data(submissions=[SUBMISSION, {**SUBMISSION, "id": "s2", "round": None}]),
        data(submissions=[SUBMISSION]),
        data(submissions=[SUBMISSION]),
    ]
    assert client.token_info() == TokenInfo(account="me", public_id="AB", scopes=("stake",))
    assert client.models() == (
        ModelSlot(id="7", name="a", tournament=8, hosted=False),
        ModelSlot(id="8", name="b", tournament=8, hosted=True),
    )
    first, second = client.submissions("7")
    assert (first.round_number, second.round_number) == (1374, None)
    assert first.accepted
    assert client.submission("s1") == first
    assert client.submission("another") is None


def test_latest_submissions_keep_the_servers_word_only_where_it_is_known(
    server: Server, client: Client
) -> None:
    rows = [
        {"roundNumber": 5, "status": status, "id": None, "filename": None, "timestamp": None}
        for status in ("on-time", "late", "queued", "none", None, "postponed")
    ]
    models = [
        {"name": "a", "tournament": 8, "latestSubmissions": rows},
        {"name": "s", "tournament": 11, "latestSubmissions": rows},
    ]
    server.script = [data(account={"models": models})]
    found = client.latest_submissions(rounds=3)
    assert [item.status for item in found] == [
        "on-time", "late", "queued", "none", "none", "unknown",
    ]  # fmt: skip
    assert found[0] == LatestSubmission(
        model="a", round_number=5, status="on-time", id=None, filename=None, time=None
    )


def test_a_file_that_is_not_offered_is_named(server: Server, client: Client) -> None:
    server.answer = lambda _: data(dataset=None)
    with pytest.raises(DatasetUnknown, match=r"v9/live\.parquet"):
        client.dataset_url("v9/live.parquet")


class LossyServer:
    """Takes submissions; may lose its reply after, or before, it has acted."""

    def __init__(self, *, lose: list[str], reply: Reply) -> None:
        self.lose, self.reply = lose, reply
        self.held: list[str] = []

    def __call__(self, asked: Asked) -> Reply:
        if "createSubmission" not in asked.query:
            listed = [
                {**SUBMISSION, "id": f"s{number}", "filename": name}
                for number, name in enumerate(self.held)
            ]
            return data(submissions=listed)
        when = self.lose.pop(0) if self.lose else "never"
        if when != "before":
            self.held.append(str(asked.variables["filename"]))
        if when == "never":
            return data(createSubmission={"id": f"s{len(self.held) - 1}"})
        return self.reply


@pytest.mark.parametrize(
    "reply",
    [
        Reply(bytes_sent=0, ending="close"),
        Reply(bytes_sent=0, ending="reset"),
        Reply(bytes_sent=0, ending="silence"),
        Reply(500),
        Reply(502, b"<html>"),
        Reply(200, b'{"da'),
        refusal("Internal server error"),
    ],
    ids=lambda reply: f"{reply.status}-{reply.ending}",
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_reply_never_makes_a_double(server: Server, reply: Reply, when: str) -> None:
    lossy = server.answer = LossyServer(lose=[when], reply=reply)
    with Client(server.url, keys=KEYS, limits=limits_for(reply)) as client:
        assert client.create_submission("a-1.csv", model_id="7", data_datestamp=20260320) == "s0"
    assert lossy.held == ["a-1.csv"]
    sent = [key for key, _ in groupby("createSubmission" in asked.query for asked in server.asked)]
    assert sent == ([True, False, True] if when == "before" else [True, False])


def test_a_submission_that_a_silent_server_is_still_at_work_on_is_waited_for(
    server: Server,
) -> None:
    lossy = LossyServer(lose=["before"], reply=Reply(bytes_sent=0, ending="silence"))
    looks = 0

    def at_work(asked: Asked) -> Reply:
        nonlocal looks
        reply = lossy(asked)
        looks += "createSubmission" not in asked.query
        if looks == 1:  # it was given up a moment ago, and is done before the next look
            lossy.held.append("a-1.csv")
        return reply

    server.answer = at_work
    with Client(server.url, keys=KEYS, limits=HASTY) as client:
        assert client.create_submission("a-1.csv", model_id="7") == "s0"
    assert looks == 2
    assert lossy.held == ["a-1.csv"]
    assert sum("createSubmission" in asked.query for asked in server.asked) == 1


def test_another_files_submission_is_not_mistaken_for_the_lost_one(
    server: Server, client: Client
) -> None:
    lossy = server.answer = LossyServer(lose=["before"], reply=Reply(500))
    lossy.held = ["b-2.csv"]
    assert client.create_submission("a-1.csv", model_id="7") == "s1"
    assert lossy.held == ["b-2.csv", "a-1.csv"]


def test_a_refused_submission_is_sent_once(server: Server, client: Client) -> None:
    server.answer = lambda _: refusal("You must provide predictions for the current live IDs.")
    with pytest.raises(ApiRefused, match="current live IDs"):
        client.create_submission("a-1.csv", model_id="7")
    assert len(server.asked) == 1


def test_a_server_that_never_recovers_is_asked_before_each_try(
    server: Server, client: Client
) -> None:
    server.answer = LossyServer(lose=["before"] * 9, reply=Reply(500))
    with pytest.raises(ServerTrouble):
        client.create_submission("a-1.csv", model_id="7")
    sent = ["createSubmission" in asked.query for asked in server.asked]
    assert sent == [True, False, True, False, True]


def test_the_newest_of_several_is_found(server: Server, client: Client) -> None:
    older = {**SUBMISSION, "id": "old", "insertedAt": "2026-03-20T12:00:00Z"}
    server.script = [data(submissions=[SUBMISSION, older])]
    found = client.find_submission("7", filenames=frozenset({"a-1.csv"}))
    assert isinstance(found, Submission)
    assert found.id == "s1"


def _answered(shape: dict[str, Any], _: Asked) -> Reply:
    return data(**shape)


def test_every_method_ends_in_our_tree_whatever_shape_comes(server: Server, client: Client) -> None:
    shapes: list[dict[str, Any]] = [
        {},
        {"account": 5},
        {"rounds": [5]},
        {"submissions": {}},
        {"dataset": []},
    ]
    for shape in shapes:
        server.answer = partial(_answered, shape)
        for ask in (
            client.current_round,
            client.rounds,
            client.list_datasets,
            client.token_info,
            client.models,
            client.latest_submissions,
            lambda: client.submissions("1"),
            lambda: client.submission("1"),
            lambda: client.dataset_url("x"),
            lambda: client.upload_authorization("x", model_id="1"),
            lambda: client.create_submission("x", model_id="1"),
        ):
            with pytest.raises(NumeriError):
                ask()
