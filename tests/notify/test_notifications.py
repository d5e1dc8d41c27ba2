"""Everybody is told in the form they want, within a bound; nothing is lost, no secret goes out."""

from __future__ import annotations

import json
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from numeri_cli.config import NotifySettings, Shape
from numeri_cli.files import write_text
from numeri_cli.locks import held_lock
from numeri_cli.log import Log, Mask, read_log
from numeri_cli.notify.base import SERVICES, shape_of
from numeri_cli.notify.message import (
    LONGEST_TEXT,
    Event,
    GuardFinding,
    Message,
    ModelNews,
)
from numeri_cli.notify.notifications import BOUND_SECONDS, Delivery, tell, try_out
from numeri_cli.notify.spool import MOST_KEPT
from tests.support.receiver import Manner, Received, Receiver, receiving

SECRET = "Zq7Rk2Lw9Xc4Vb8Nm3Tg6Hy5Jd1Pf0As"
SHAPES: tuple[Shape, ...] = get_args(Shape)
TROUBLED: tuple[Manner, ...] = ("refuses", "fails", "redirects")


def failure(event: Event = "failure", *, secret: str = "") -> Message:
    """What a run that failed tells."""
    return Message(
        event=event,
        title="Numeri: run failed (exit 4)",
        command="run",
        tournament="numerai",
        run="20261128T120000Z-abcdef",
        host="here",
        numeri_version="0.1.0",
        time=datetime.now(UTC).replace(microsecond=0),
        round_number=1234,
        exit_code=4,
        code="unreachable",
        message=f"no connection to numer.ai {secret}".strip(),
        hint="look at the network",
        models=(
            ModelNews("lighthouse", "accepted"),
            ModelNews("beacon", "failed", "transfer_stalled", f"it stalled {secret}".strip(), "x"),
        ),
        findings=(GuardFinding("beacon", "target", "is <not> paid & @everyone", "train anew"),),
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


class Teller:
    """Tells through one home."""

    def __init__(self, root: Path) -> None:
        self.log_folder, self.folder = root / "log", root / "undelivered"

    def tell(
        self,
        settings: NotifySettings,
        message: Message | None,
        *,
        mask: Mask | None = None,
        routine: bool = False,
    ) -> tuple[Delivery, ...]:
        return tell(settings, message, folder=self.folder, log=self.log(mask), routine=routine)

    def log(self, mask: Mask | None = None) -> Log:
        return Log(self.log_folder, command="run", mask=mask or Mask(), trouble=print)

    def logged(self) -> list[str]:
        return [line.words for line in read_log(self.log_folder)]

    def kept(self) -> list[Path]:
        return sorted(self.folder.glob("*.json")) if self.folder.exists() else []


@pytest.fixture
def teller(tmp_path: Path) -> Teller:
    return Teller(tmp_path)


def to(receiver: Receiver, shape: Shape = "webhook", *, on: str = "failure") -> NotifySettings:
    return NotifySettings(webhook=f"{receiver.address}/way/hidden", shape=shape, on=[on])


def test_every_shape_of_the_profile_is_a_service_and_the_general_one_is_asked_last() -> None:
    assert set(SERVICES) == set(SHAPES)
    assert list(SERVICES)[-1] == "webhook"


@pytest.mark.parametrize(
    ("address", "shape"),
    [
        ("https://ntfy.sh/topic", "ntfy"),
        ("ntfy://push.example.org/topic", "ntfy"),
        ("https://hooks.slack.com/services/T/B/x", "slack"),
        ("https://discord.com/api/webhooks/1/x", "discord"),
        ("https://discord.com/channels/1", "webhook"),
        ("https://hc-ping.com/uuid", "healthchecks"),
        ("https://example.org/hook", "webhook"),
        ("https://example.org/ntfy.sh", "webhook"),
    ],
)
def test_an_address_tells_its_shape(address: str, shape: Shape) -> None:
    assert shape_of(address) == shape


def test_the_general_webhook_gets_the_whole_message_as_json(
    receiver: Receiver, teller: Teller
) -> None:
    message = failure()
    [done] = teller.tell(to(receiver), message)
    assert done.error is None
    assert done.answer == "200 thank  [31myou"
    [got] = receiver.received
    assert got.path == "/way/hidden"
    assert got.headers["content-type"] == "application/json"
    assert got.json == {"late": False, **message.plain()}
    assert got.json["models"][1]["code"] == "transfer_stalled"
    assert got.json["findings"][0]["code"] == "target"
    assert {"event", "tournament", "round_number", "run", "host", "numeri_version"} <= set(got.json)


def test_ntfy_gets_a_text_with_its_title_in_a_header(receiver: Receiver, teller: Teller) -> None:
    [done] = teller.tell(to(receiver, "ntfy"), replace(failure(), title="Numeri: läuft nicht"))
    assert done.error is None
    [got] = receiver.received
    assert got.headers["title"] == "Numeri: l?uft nicht"
    assert got.headers["priority"] == "high"
    assert "beacon: it stalled (x)" in got.body.decode()
    post = SERVICES["ntfy"].post("ntfy://push.example.org/topic", failure(), late=False)
    assert post.address == "https://push.example.org/topic"


def test_slack_and_discord_get_a_text_that_calls_nobody(receiver: Receiver, teller: Teller) -> None:
    for shape in ("slack", "discord"):
        [done] = teller.tell(to(receiver, shape), failure())
        assert done.error is None
    slack, discord = (got.json for got in receiver.received)
    assert slack["text"].startswith("Numeri: run failed (exit 4)\n")
    assert "is &lt;not&gt; paid &amp; @everyone" in slack["text"]
    assert slack["mrkdwn"] is False
    assert "is <not> paid" in discord["content"]
    assert discord["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ("success", "/way/hidden"),
        ("failure", "/way/hidden/fail"),
        ("deadline", "/way/hidden/fail"),
        ("guard", "/way/hidden/log"),
    ],
)
def test_healthchecks_is_pinged_where_the_event_belongs(
    receiver: Receiver, teller: Teller, event: Event, path: str
) -> None:
    teller.tell(to(receiver, "healthchecks", on=event), failure(event))
    assert [got.path for got in receiver.received] == [path]


def test_healthchecks_hears_of_every_success_since_silence_is_its_alarm(
    receiver: Receiver, teller: Teller
) -> None:
    teller.tell(to(receiver, "webhook", on="success"), failure("success"), routine=True)
    assert receiver.received == []
    teller.tell(to(receiver, "healthchecks", on="guard"), failure("success"), routine=True)
    assert [got.path for got in receiver.received] == ["/way/hidden"]


@pytest.mark.parametrize("event", ["failure", "guard", "success", "deadline"])
def test_only_events_that_the_profile_names_are_told(
    receiver: Receiver, teller: Teller, event: Event
) -> None:
    for named in ("failure", "guard", "success", "deadline"):
        receiver.received.clear()
        teller.tell(to(receiver, on=named), failure(event))
        assert len(receiver.received) == (event == named)


def test_by_default_failures_findings_and_deadlines_are_told(
    receiver: Receiver, teller: Teller
) -> None:
    settings = NotifySettings(webhook=receiver.address)
    for event in ("failure", "guard", "success", "deadline"):
        teller.tell(settings, failure(event))
    assert [got.json["event"] for got in receiver.received] == ["failure", "guard", "deadline"]


def test_a_text_stays_short_and_says_where_to_read_on() -> None:
    models = tuple(ModelNews(f"m{n}", "failed", "x", "y" * 900, "z" * 900) for n in range(60))
    text = replace(failure(), models=models).text(late=True)
    assert len(text) <= LONGEST_TEXT
    assert text.startswith("(delivered late)\n")
    assert text.endswith("numeri log --run 20261128T120000Z-abcdef")


@pytest.mark.parametrize(
    ("shape", "manner"),
    [(shape, manner) for shape in SHAPES for manner in TROUBLED],
)
def test_what_is_not_delivered_is_told_kept_and_tried_again(
    receiver: Receiver, teller: Teller, shape: Shape, manner: Manner
) -> None:
    receiver.manner, receiver.elsewhere = manner, "http://127.0.0.1:9/elsewhere"
    message = failure()
    started = time.monotonic()
    [done] = teller.tell(to(receiver, shape), message)
    assert time.monotonic() - started < BOUND_SECONDS + 60
    assert done.error is not None
    assert "hidden" not in done.error.message
    assert done.error.exit_code == (1 if manner in ("refuses", "redirects") else 4)
    assert len(receiver.received) == 1
    assert len(teller.kept()) == 1
    assert any(words.startswith("not delivered: ") for words in teller.logged())

    receiver.manner = "works"
    receiver.received.clear()
    [again] = teller.tell(to(receiver, shape), None)
    assert again.error is None
    assert len(receiver.received) == 1
    if shape == "webhook":
        assert receiver.received[0].json == {"late": True, **message.plain()}
    else:
        assert b"(delivered late)" in receiver.received[0].body
    assert teller.kept() == []
    assert teller.tell(to(receiver, shape), None) == ()


@pytest.mark.waits
def test_a_service_that_hangs_is_left_in_time_whatever_its_shape(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.manner = "hangs"
    started = time.monotonic()
    with ThreadPoolExecutor(len(SHAPES)) as threads:  # at the same time: each takes its seconds
        deliveries = threads.map(
            lambda shape: Teller(tmp_path / shape).tell(to(receiver, shape), failure()), SHAPES
        )
        for [done] in deliveries:
            assert done.error is not None
            assert done.error.exit_code == 4
            assert "did not answer within" in done.error.message
    assert time.monotonic() - started < BOUND_SECONDS + 60
    assert len(receiver.received) == len(SHAPES)
    assert all(len(Teller(tmp_path / shape).kept()) == 1 for shape in SHAPES)


def test_a_redirect_to_another_host_is_not_followed(receiver: Receiver, teller: Teller) -> None:
    with receiving() as other:
        receiver.manner, receiver.elsewhere = "redirects", f"{other.address}/elsewhere"
        [done] = teller.tell(to(receiver), failure())
        assert done.error is not None
        assert done.error.code == "notification_refused"
        assert "redirects" in done.error.message
        assert other.received == []


def test_of_an_answer_without_end_only_the_beginning_is_read(
    receiver: Receiver, teller: Teller
) -> None:
    receiver.manner = "gigabyte"
    started = time.monotonic()
    [done] = teller.tell(to(receiver), failure())
    assert time.monotonic() - started < 60
    assert done.answer.startswith("200 xxx")
    assert len(done.answer) < 100
    time.sleep(0.2)
    assert 0 < receiver.sent < 2**25  # what lay in the buffers of both sides


@pytest.mark.waits
def test_an_answer_that_drips_for_ever_is_left_in_time(receiver: Receiver, teller: Teller) -> None:
    receiver.manner = "drips"
    started = time.monotonic()
    [done] = teller.tell(to(receiver), failure())
    assert time.monotonic() - started < BOUND_SECONDS + 60
    assert done.error is None  # its status was 200
    assert teller.kept() == []


def test_nobody_listening_is_told_and_kept(teller: Teller) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/way"
        [done] = teller.tell(NotifySettings(webhook=address), failure())
    assert done.error is not None
    assert done.error.code == "notification_undelivered"
    assert len(teller.kept()) == 1


def test_a_server_whose_certificate_nobody_vouches_for_is_not_told(teller: Teller) -> None:
    pem = Path(__file__).parents[1] / "api" / "http" / "localhost.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def serve() -> None:
            connection, _ = plain.accept()
            try:
                context.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()

        serving = threading.Thread(target=serve)
        serving.start()
        address = f"https://localhost:{plain.getsockname()[1]}/way/hidden"
        [done] = teller.tell(NotifySettings(webhook=address), failure())
        serving.join()
    assert done.error is not None
    assert "CERTIFICATE_VERIFY_FAILED" in done.error.message


@pytest.mark.waits
def test_one_that_hangs_does_not_keep_the_others_from_hearing(
    receiver: Receiver, teller: Teller
) -> None:
    with receiving() as other:
        receiver.manner = "hangs"
        settings = NotifySettings(webhook=[receiver.address, other.address])
        started = time.monotonic()
        first, second = teller.tell(settings, failure())
        assert time.monotonic() - started < BOUND_SECONDS + 60
    assert (first.error is None, second.error is None) == (False, True)
    assert len(other.received) == 1
    [kept] = teller.kept()
    assert "webhook:127.0.0.1:0" in kept.read_text()


def test_messages_of_two_commands_reach_the_service_in_their_order(
    receiver: Receiver, teller: Teller
) -> None:
    receiver.manner = "fails"
    for number in (1, 2):
        teller.tell(to(receiver), replace(failure(), round_number=number))
    receiver.manner = "works"
    receiver.received.clear()
    teller.tell(to(receiver), replace(failure(), round_number=3))
    told = [(got.json["round_number"], got.json["late"]) for got in receiver.received]
    assert told == [(1, True), (2, True), (3, False)]


def test_a_message_that_a_service_refuses_keeps_no_other_from_it(
    receiver: Receiver, teller: Teller
) -> None:
    receiver.manner = "refuses"
    for number in (1, 2):
        teller.tell(to(receiver), replace(failure(), round_number=number))
    receiver.manner = "refuses late"
    receiver.received.clear()
    [done] = teller.tell(to(receiver), replace(failure(), round_number=3))
    assert done.error is not None
    assert [got.json["round_number"] for got in receiver.received] == [1, 2, 3]
    assert len(teller.kept()) == 2


def test_a_service_that_is_down_is_asked_for_one_late_message_and_the_new_one(
    receiver: Receiver, teller: Teller
) -> None:
    receiver.manner = "fails"
    for number in (1, 2, 3):
        teller.tell(to(receiver), replace(failure(), round_number=number))
    receiver.received.clear()
    teller.tell(to(receiver), replace(failure(), round_number=4))
    assert [got.json["round_number"] for got in receiver.received] == [1, 4]
    assert len(teller.kept()) == 4


def test_no_more_than_so_many_are_kept_and_what_is_given_up_is_in_the_log(
    receiver: Receiver, teller: Teller
) -> None:
    receiver.manner = "fails"
    teller.tell(to(receiver), failure())
    [first] = teller.kept()
    for number in range(MOST_KEPT - 1):
        write_text(teller.folder / f"2000{number:03d}.json", first.read_text())
    teller.tell(to(receiver), failure())
    assert len(teller.kept()) == MOST_KEPT
    assert any("is given up: there are more than" in words for words in teller.logged())


def test_what_is_a_week_old_is_given_up_and_so_is_a_damaged_file(
    receiver: Receiver, teller: Teller
) -> None:
    receiver.manner = "fails"
    teller.tell(to(receiver), replace(failure(), time=datetime.now(UTC) - timedelta(days=8)))
    assert len(teller.kept()) == 1
    write_text(teller.folder / "broken.json", '{"name": 3')
    receiver.received.clear()
    assert teller.tell(to(receiver), None) == ()
    assert teller.kept() == []
    assert any("is given up" in words for words in teller.logged())
    assert any("damaged" in words for words in teller.logged())


def test_a_message_that_another_process_is_sending_is_left_to_it(
    receiver: Receiver, teller: Teller
) -> None:
    receiver.manner = "fails"
    teller.tell(to(receiver), failure())
    [path] = teller.kept()
    entry = json.loads(path.read_text())
    path.write_text(json.dumps({**entry, "process": os.getppid()}))
    receiver.received.clear()
    assert teller.tell(to(receiver), None) == ()
    path.write_text(json.dumps({**entry, "process": 2**22 - 1}))  # that one was killed
    with held_lock(teller.folder / "sending.lock", what="another process"):
        assert teller.tell(to(receiver), None) == ()
        assert receiver.received == []
        teller.tell(to(receiver), failure())  # its own it sends all the same
    assert len(receiver.received) == 1
    teller.tell(to(receiver), None)
    assert len(receiver.received) == 2  # the service fails: the second waits behind the first


def test_a_home_that_cannot_be_written_keeps_nobody_from_being_told(
    receiver: Receiver, teller: Teller
) -> None:
    teller.folder.write_text("a file where the folder should be")
    [done] = teller.tell(to(receiver), failure())
    assert done.error is None
    assert len(receiver.received) == 1
    assert any("cannot be kept" in words for words in teller.logged())


def everything(teller: Teller, received: list[Received]) -> bytes:
    """All that was sent, logged and kept."""
    logged = "\n".join(teller.logged()).encode()
    sent = b"".join(one.body + repr(one.headers).encode() for one in received)
    return sent + logged + b"".join(path.read_bytes() for path in teller.kept())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("manner", ["works", "fails"])
@pytest.mark.parametrize(
    "secret", [SECRET, f"Token A${SECRET}", f"https://store/live?X-Amz-Signature={SECRET}"]
)
def test_no_key_and_no_signed_address_is_in_anything_that_goes_out(
    receiver: Receiver, teller: Teller, shape: Shape, manner: Manner, secret: str
) -> None:
    receiver.manner = manner
    message = failure(secret=secret)
    bare = SERVICES[shape].post(receiver.address, message, late=False)
    assert SECRET.encode() in bare.body  # what would have been sent
    known = Mask([SECRET] if secret == SECRET else [])
    teller.tell(to(receiver, shape), message, mask=known)
    assert len(receiver.received) == 1
    for start in range(len(SECRET) - 8):
        assert SECRET[start : start + 8].encode() not in everything(teller, receiver.received)
    assert b"hidden" not in everything(teller, receiver.received)


def test_the_address_of_a_webhook_is_a_secret_of_its_own(teller: Teller) -> None:
    settings = NotifySettings(webhook="http://127.0.0.1:9/services/T0NG/B0NG/s3cr3tp4th")
    log = teller.log()
    tell(settings, failure(), folder=teller.folder, log=log)
    assert log.mask.text("no_service for s3cr3tp4th") == "no_service for ***"


PROGRAM = """\
import json, os, sys
json.dump({"message": json.load(sys.stdin), "environment": dict(os.environ)}, open("told", "w"))
"""


def test_a_program_gets_the_message_and_no_variable_that_is_not_named(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERAI_SECRET_KEY", SECRET)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    settings = NotifySettings(command=[sys.executable, "-c", PROGRAM])
    message = failure()
    [done] = teller.tell(settings, message)
    assert (done.error, done.answer) == (None, "ended with 0")
    told = json.loads(Path("told").read_text())
    assert told["message"] == {"late": False, **message.plain()}
    passed = {"PATH", "HOME", "LANG", "TZ", "DBUS_SESSION_BUS_ADDRESS"}
    passed |= {"LC_CTYPE"}  # Python sets it for itself
    assert {name for name in told["environment"] if not name.startswith("XDG_")} <= passed
    assert told["environment"]["XDG_RUNTIME_DIR"] == "/run/user/7"


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["no-such-program"], "cannot be started", "notification_refused"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "ended with 3", "notification_undelivered"),
    ],
)
def test_a_program_that_fails_is_told_and_the_message_kept(
    teller: Teller, words: list[str], said: str, code: str
) -> None:
    [done] = teller.tell(NotifySettings(command=words), failure())
    assert done.error is not None
    assert said in done.error.message
    assert done.error.code == code
    assert len(teller.kept()) == 1


@pytest.mark.waits
def test_a_program_that_does_not_end_is_stopped_with_all_that_it_started(teller: Teller) -> None:
    script = "sleep 900 & echo $! > child; wait"
    started = time.monotonic()
    [done] = teller.tell(NotifySettings(command=["sh", "-c", script]), failure())
    assert time.monotonic() - started < BOUND_SECONDS + 60
    assert done.error is not None
    assert "was stopped" in done.error.message
    child = Path("/proc") / Path("child").read_text().strip() / "stat"
    until = time.monotonic() + 300
    while child.exists() and " Z " not in child.read_text():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_trial_reaches_everybody_whatever_the_profile_asks_for_and_keeps_nothing(
    receiver: Receiver, teller: Teller
) -> None:
    with receiving() as broken:
        broken.manner = "fails"
        settings = NotifySettings(webhook=[receiver.address, broken.address], on=[])
        first, second = try_out(settings, failure("test"), log=teller.log())
    assert first.answer.startswith("200")
    assert second.error is not None
    assert receiver.received[0].json["event"] == "test"
    assert teller.kept() == []
