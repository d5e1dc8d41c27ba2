"""One question at a time: what is refused, what is tried again, what reaches the user."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from numeri_cli.api.client import Client
from numeri_cli.api.http.limits import Limits
from numeri_cli.api.http.rates import MINUTE, SLACK_SECONDS
from numeri_cli.credentials import Keys
from numeri_cli.errors import (
    AddressUnsafe,
    ApiChanged,
    ApiRefused,
    KeysMissing,
    KeysRefused,
    NoRoundOpen,
    NumeriError,
    RateLimited,
    ScopeMissing,
    ServerTrouble,
    Unreachable,
)
from tests.support.heard import Heard
from tests.support.scripted_server import KEYS, QUICK, Reply, Server, data, limits_for, refusal

GOOD = data(listDatasets=["v5.3/live.parquet"])


def http_time(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.core
@pytest.mark.parametrize(
    "trouble",
    [
        Reply(500),
        Reply(502, b"<html>Bad Gateway</html>"),
        Reply(503, headers={"Retry-After": "0"}),
        Reply(429, b'{"errors": {"detail": "Too many"}}', {"Retry-After": "0"}),
        Reply(408),
        Reply(200, b'{"data": {"listDa'),
        Reply(200, b"<html>Log in to the hotel</html>"),
        refusal("Internal server error"),
        refusal("slow down", code="rate_limited"),
        Reply(bytes_sent=0, ending="close"),
        Reply(bytes_sent=0, ending="reset"),
        Reply(bytes_sent=0, ending="silence"),
        Reply(body=b" " * 999, bytes_sent=300, ending="close"),
        Reply(body=b" " * 999, bytes_sent=300, ending="reset"),
        Reply(body=b" " * 999, bytes_sent=300, ending="silence"),
        Reply(200, b"garbage", {"Content-Encoding": "gzip"}),
    ],
    ids=lambda reply: f"{reply.status}-{reply.ending}-{reply.body[:12].decode()}",
)
def test_what_may_pass_is_tried_again(server: Server, trouble: Reply) -> None:
    server.script = [trouble, GOOD]
    with Client(server.url, keys=KEYS, limits=limits_for(trouble)) as client:
        assert client.list_datasets() == ("v5.3/live.parquet",)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("trouble", "kind", "words"),
    [
        (Reply(500), ServerTrouble, "500 Internal Server Error"),
        (Reply(502, b"<html>"), ServerTrouble, "502 Bad Gateway"),
        (Reply(503, b'{"errors": {"detail": "down for repairs"}}'), ServerTrouble, "repairs"),
        (Reply(429), RateLimited, "slow down"),
        (refusal("easy now", code="rate_limited"), RateLimited, "easy now"),
        (refusal("easy", extensions={"code": "rate_limited"}), RateLimited, "easy"),
        (Reply(200, b"[1"), ServerTrouble, "no JSON"),
        (Reply(200, b"[" * 100_000), ServerTrouble, "no JSON"),
        (Reply(bytes_sent=0, ending="close"), Unreachable, "broke"),
        (Reply(bytes_sent=0, ending="silence"), Unreachable, "silent"),
    ],
)
def test_what_does_not_pass_ends_with_its_own_sentence(
    server: Server, trouble: Reply, kind: type[NumeriError], words: str
) -> None:
    server.answer = lambda _: trouble
    with (
        Client(server.url, keys=KEYS, limits=limits_for(trouble)) as client,
        pytest.raises(kind, match=words) as caught,
    ):
        client.list_datasets()
    assert caught.value.hint
    assert len(server.asked) == QUICK.attempts


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refusal("invalid tournament"), ApiRefused, "invalid tournament"),
        (refusal("Your session is invalid or has expired."), KeysRefused, "session is invalid"),
        (refusal("Insufficient permission for stake"), ScopeMissing, "permission for stake"),
        (refusal("Current round not open for submissions"), NoRoundOpen, "not open"),
        (refusal('Cannot query field "x" on type "Y".'), ApiChanged, "Cannot query field"),
        (Reply(400, b'{"errors": {"detail": "Bad Request"}}'), ApiRefused, "Bad Request"),
        (Reply(401), KeysRefused, "401"),
        (Reply(404, b"<html>"), ApiRefused, "404 Not Found"),
        (Reply(200, b"[]"), ApiChanged, "field data of the answer is missing"),
        (data(), ApiChanged, "field listDatasets of answer is missing"),
        (data(listDatasets="no"), ApiChanged, "listDatasets of answer is not a list"),
        (Reply(200, b'{"errors": ["words"], "data": null}'), ApiRefused, "words"),
        (Reply(200, b'{"errors": [{}]}'), ApiRefused, "without words"),
        (Reply(302, headers={"Location": "/there"}), Unreachable, "redirects a POST"),
        (Reply(307, headers={"Location": "http://example.com/"}), AddressUnsafe, "encryption"),
        (Reply(307, headers={"Location": "https://example.com/"}), AddressUnsafe, "redirects to"),
        (Reply(307, headers={"Location": "/"}), Unreachable, "in circles"),
    ],
)
def test_a_refusal_is_shown_in_its_own_words_and_not_repeated(
    server: Server, client: Client, answer: Reply, kind: type[NumeriError], words: str
) -> None:
    server.answer = lambda _: answer
    with pytest.raises(kind, match=words):
        client.list_datasets()
    assert len(server.asked) == (QUICK.redirects + 1 if "circles" in words else 1)


def test_the_missing_scope_is_named_in_the_cure(server: Server, client: Client) -> None:
    server.script = [refusal("Insufficient permission for read_user_info")]
    with pytest.raises(ScopeMissing) as caught:
        client.models()
    assert "read_user_info" in caught.value.hint


def test_a_redirect_within_the_host_keeps_the_key_and_one_elsewhere_loses_it(
    server: Server, client: Client
) -> None:
    other = Server()
    try:
        server.script = [Reply(307, headers={"Location": "/v2"}), GOOD]
        client.list_datasets()
        assert server.asked[1].target == "/v2"
        assert server.asked[1].headers["authorization"] == KEYS.authorization()
        server.script = [Reply(308, headers={"Location": other.url})]
        other.script = [GOOD]
        client.list_datasets()
        assert "authorization" not in other.asked[0].headers
        assert other.asked[0].body == server.asked[2].body
    finally:
        other.close()


def test_retry_after_is_honoured_in_seconds_and_as_a_date(server: Server, client: Client) -> None:
    server.script = [Reply(429, headers={"Retry-After": "1"}), GOOD]
    began = time.monotonic()
    client.list_datasets()
    assert time.monotonic() - began >= 1.0
    # the server's clock is years off; only the difference between its two times counts
    there = datetime(2020, 1, 1, tzinfo=UTC)
    dates = {"Date": http_time(there), "Retry-After": http_time(there + timedelta(seconds=1))}
    server.script = [Reply(503, headers=dates), GOOD]
    began = time.monotonic()
    client.list_datasets()
    assert time.monotonic() - began >= 1.0


def test_a_server_that_wants_too_long_a_pause_is_not_waited_for(
    server: Server, client: Client
) -> None:
    server.script = [Reply(429, headers={"Retry-After": "3600"})]
    began = time.monotonic()
    with pytest.raises(RateLimited):
        client.list_datasets()
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("in_the_head", [True, False])
def test_an_answer_that_drips_is_given_up_after_the_total_time(
    server: Server, in_the_head: bool
) -> None:
    limits = Limits(read_seconds=5, total_seconds=0.5, attempts=1)
    pause = 1.0 if in_the_head else 0.1
    server.answer = lambda _: Reply(body=b" " * 1000, pause_per_byte=pause)
    with Client(server.url, limits=limits) as client:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="did not answer in time"):
            client.list_datasets()
        assert 0.4 < time.monotonic() - began < 60


def test_nothing_is_repeated_past_the_deadline(server: Server) -> None:
    server.script = [data(__typename="RootQueryType")]
    server.answer = lambda _: Reply(503, headers={"Retry-After": "60"})
    limits = replace(QUICK, retry_after_seconds=90)
    with Client(server.url, keys=KEYS, limits=limits) as client:
        with client.before(client.now() + timedelta(seconds=20)), pytest.raises(ServerTrouble):
            client.list_datasets()
        assert client.deadline is None
    assert len(server.asked) == 2


def test_an_answer_larger_than_allowed_is_cut_off(server: Server) -> None:
    server.answer = lambda _: Reply(body=b" " * 3_000_000)
    with (
        Client(server.url, limits=Limits(answer_bytes=1_000_000)) as client,
        pytest.raises(ServerTrouble, match="cut off"),
    ):
        client.list_datasets()


def test_an_unreachable_server_is_named_without_a_traceback_of_words(server: Server) -> None:
    server.close()
    with (
        Client(server.url, limits=QUICK) as client,
        pytest.raises(Unreachable, match=r"no connection to 127\.0\.0\.1.*refused"),
    ):
        client.list_datasets()


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/",
        "ftp://127.0.0.1/",
        "nonsense",
        "http://",
        "https://me:pw@host/",
        "https://[::1",
        "http://192.168.1.7:80/",
        "http://\u2603.example/",
    ],
)
def test_an_unsafe_address_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(AddressUnsafe) as caught:
        Client(address)
    assert "pw" not in caught.value.message


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "https://x.test/"]
)
def test_a_safe_address_is_taken(address: str) -> None:
    Client(address).close()


def test_without_keys_only_what_needs_none_is_asked(server: Server) -> None:
    server.script = [GOOD]
    with Client(server.url, limits=QUICK) as client:
        client.list_datasets()
        with pytest.raises(KeysMissing, match=r"127\.0\.0\.1"):
            client.models()
    assert len(server.asked) == 1
    assert "authorization" not in server.asked[0].headers


def test_keys_that_cannot_be_sent_are_refused(server: Server) -> None:
    for secret in ("line\nbreak", "schlüssel"):
        with Client(server.url, keys=Keys("ID", secret)) as client, pytest.raises(KeysRefused):
            client.models()
    assert server.asked == []


def test_neither_errors_nor_logs_nor_reprs_hold_a_secret(
    server: Server, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("planted").debug("here is %s", KEYS.secret)
    assert KEYS.secret in caplog.text  # the search finds one that is there
    caplog.clear()
    server.script = [refusal(f"no such key: {KEYS.authorization()}")]
    with pytest.raises(ApiRefused) as caught:
        client.models()
    server.script = [
        data(submissionUploadAuth={"filename": "x-1.csv", "url": "https://s3/x?sig=hidden"}),
        Reply(500),
        Reply(bytes_sent=0, ending="reset"),
    ]
    authorization = client.upload_authorization("x.csv", model_id="1")
    with pytest.raises(NumeriError):
        client.list_datasets()
    shown = caplog.text + str(caught.value) + repr(client) + repr(authorization)
    assert KEYS.secret not in shown
    assert "hidden" not in shown


def test_control_characters_and_lengths_of_the_servers_words_are_tamed(
    server: Server, client: Client
) -> None:
    server.script = [refusal("evil \x1b[2J\n" + "x" * 10_000)]
    with pytest.raises(ApiRefused) as caught:
        client.list_datasets()
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 700


def test_a_429_that_names_no_time_is_given_the_longest_pause_at_once(server: Server) -> None:
    """Limits are per minute: six quick attempts would all fall into the same one."""
    limits = replace(QUICK, backoff_start_seconds=0.001, backoff_max_seconds=0.4)
    server.script = [Reply(429), Reply(429), GOOD]
    began = time.monotonic()
    with Client(server.url, keys=KEYS, limits=limits) as client:
        client.list_datasets()
    assert time.monotonic() - began >= 2 * limits.backoff_max_seconds


def test_with_the_usual_limits_a_minute_of_429_is_outlasted() -> None:
    usual = Limits()
    assert (usual.attempts - 1) * usual.backoff_max_seconds > MINUTE + SLACK_SECONDS


def test_what_is_waited_for_is_said_once_and_a_moment_is_no_news(server: Server) -> None:
    for silent_seconds, told in ((60.0, []), (0.0, ["up to 2 times more, the first in 1 s"])):
        server.script = [Reply(503), Reply(503), GOOD, Reply(503), GOOD]
        limits, heard = replace(QUICK, silent_seconds=silent_seconds), Heard()
        with Client(server.url, keys=KEYS, limits=limits, listener=heard) as client:
            for _ in range(2):
                client.list_datasets()
        said = [f"{client.host} answered 503 Service Unavailable; trying {words}" for words in told]
        assert heard.said == said
