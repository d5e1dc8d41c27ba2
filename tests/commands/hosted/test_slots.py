"""What runs for a slot: shown, assigned, taken off, run, logged, fetched, in every state."""

from __future__ import annotations

import json
import pickle
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.image import image_and_python
from numeri_cli.commands.hosted.surroundings import surroundings_of_file
from numeri_cli.home import Home
from numeri_cli.hosted.interpreters import own_interpreter
from numeri_cli.practice.server.hosted_runs import HostedState
from tests.support.hosting import CONTENT, HostingBench
from tests.support.hosting_script import FAILED, SILENT
from tests.support.proxy import Proxy
from tests.support.receiver import receiving
from tests.support.runner import Numeri
from tests.support.scripted_server import Asked, Reply, Server, data
from tests.support.steps import Request

SECRET = "/a-long-path-that-nobody-guesses"
ERROR = HostedState(status="error", log=("Traceback", "MemoryError: Unable to allocate 3.2 GiB"))


@pytest.fixture
def uploaded(numeri: Numeri, hosting: HostingBench) -> Callable[..., str]:
    """Upload model.pkl; its id, whatever came of it."""

    def upload(*words: str) -> str:
        numeri("hosted", "upload", "model.pkl", "--no-check", "--python", "3.12", "--quiet", *words)
        return str(hosting.pickles()[0]["id"])

    return upload


def test_status_names_what_each_slot_runs_and_what_none_has(
    numeri: Numeri, hosting: HostingBench, uploaded: Callable[..., str]
) -> None:
    empty = numeri("hosted", "status")
    assert (empty.code, empty.out) == (
        0,
        "Numerai runs no uploaded model for lighthouse, beacon, harbour\n",
    )
    first = uploaded("--assign")
    Path("model.pkl").write_bytes(CONTENT[:-1] + b"0.")
    second = uploaded("--model", "beacon")
    said = numeri("hosted", "status", "--json")
    assert said.code == 0, said.out
    lighthouse, beacon, _ = said.data["models"]
    assert (lighthouse["model"], lighthouse["pickle_id"]) == ("lighthouse", first)
    assert (lighthouse["status"], lighthouse["image"]) == ("validated", "Python 3.12")
    assert (beacon["pickle_id"], beacon["findings"]) == (None, [])
    assert [row["pickle_id"] for row in said.data["unassigned"]] == [second]
    shown = numeri("hosted", "status", "lighthouse")
    assert first in shown.out
    assert second not in shown.out  # it was uploaded for the other slot


@pytest.mark.parametrize(
    ("told_by", "target", "found"),
    [
        ("label", "target_ender_20", True),
        ("label", "target_ender_60", False),
        ("label", "no words of targets", False),
        ("bytes", "target_ender_20", True),
    ],
)
def test_a_hosted_20_day_model_is_named_where_60_days_are_paid(
    numeri: Numeri,
    hosting: HostingBench,
    uploaded: Callable[..., str],
    told_by: str,
    target: str,
    found: bool,
) -> None:
    if told_by == "bytes":
        Path("model.pkl").write_bytes(pickle.dumps({"of": target, "beside": list(range(9))}))
    pickle_id = uploaded("--assign")
    if told_by == "label":  # as another machine has called it
        query = """mutation($p: ID!, $l: String) {
            updatePickleLabel(pickleId: $p, label: $l) { id } }"""
        hosting.wire.data(query, p=pickle_id, l=f"mine {target} trained 2025-12-30")
    said = numeri("hosted", "status", "--json")
    row, *_ = said.data["models"]
    assert said.data["paid_days"] == [60]
    assert row["targets"] == ([target] if target.startswith("target") else [])
    told = [one["message"] for one in row["findings"] if one["check"] == "target"]
    assert bool(told) == found
    if told:
        assert "pays for 60 days, but what Numerai runs for lighthouse predicts" in told[0]
        assert said.code == 0
        assert "guard: round" in numeri("hosted", "status").out
        assert target in str(hosting.pickles()[0]["label"])  # for other machines


def test_status_names_old_age_and_a_silent_validator(
    numeri: Numeri, hosting: HostingBench, uploaded: Callable[..., str]
) -> None:
    pickle_id = uploaded("--assign")
    with hosting.tournament.store.writing() as connection:
        old = "2025-01-04T12:00:00.000000+00:00"
        connection.execute(
            "UPDATE hosted_models SET inserted_at = ?, validation_status = 'validating'"
            " WHERE id = ?",
            (old, pickle_id),
        )
    said = numeri("hosted", "status", "--json")
    assert said.code == 1
    row, *_ = said.data["models"]
    age, silent = (
        next(one["message"] for one in row["findings"] if one["check"] == check)
        for check in ("age", "run")
    )
    assert "was uploaded 52 weeks ago, on 2025-01-04: more than 26 weeks" in age
    assert "the validation of lighthouse has said 'validating' for" in silent


@pytest.fixture
def in_front(hosting: HostingBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Between the program and the server, whose answers it may change."""
    proxy = Proxy()
    proxy.open()
    proxy.backend = hosting.server.address
    monkeypatch.setenv("NUMERI_API_URL", proxy.url)
    yield proxy
    proxy.close()


def test_check_and_upload_choose_the_same_image_for_a_pickle_of_more_than_one_python(
    hosting: HostingBench, in_front: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [one for one in ("3.11", "3.12", "3.13") if one != own_interpreter().minor]
    default = others[-1].encode()  # by name the image that was 3.12 is of this Python

    def rewrite(_: Request, reply: bytes) -> bytes:
        if b"computePickleDockerImages" not in reply:
            return reply
        swapped = {b"3.12": default, default: b"3.12"}
        return re.sub(rb"3\.1[123]", lambda found: swapped.get(found[0], found[0]), reply)

    in_front.rewrite = rewrite
    for minor in others:
        program = tmp_path / f"python{minor}"
        program.write_text(f"#!/bin/sh\necho {minor}.2 cpython\n", encoding="ascii")
        program.chmod(0o755)
    for name, value in {"HOME": tmp_path, "PYENV_ROOT": tmp_path, "PATH": tmp_path}.items():
        monkeypatch.setenv(name, str(value))
    context = Context(home=Home.find())
    of_upload = surroundings_of_file(context, python=None, pickled_by=others)
    of_check, python = image_and_python(context.client, asked=None, pickled_by=others)
    assert (of_check.name, of_check.default) == (f"Python {others[-1]}", True)
    assert of_upload.image_id == of_check.id
    assert python.minor == others[-1]


def test_status_names_an_old_data_version(
    numeri: Numeri, uploaded: Callable[..., str], in_front: Proxy
) -> None:
    uploaded("--assign")
    said = numeri("hosted", "status", "--json")
    assert "data_version" not in {one["check"] for one in said.data["models"][0]["findings"]}
    in_front.rewrite = lambda _, reply: reply.replace(b'"v5.3/', b'"v6.0/')
    [told] = [
        one["message"]
        for one in numeri("hosted", "status", "--json").data["models"][0]["findings"]
        if one["check"] == "data_version"
    ]
    assert told == "what Numerai runs for lighthouse is given v5.3 data, and v6.0 is listed"


@pytest.mark.parametrize("word", ["check", "upload"])
def test_a_data_version_that_hosted_models_are_not_given_is_named(
    numeri: Numeri, hosting: HostingBench, in_front: Proxy, word: str
) -> None:
    in_front.rewrite = lambda request, reply: (
        reply.replace(b'"v5.3"', b'"v5.2"') if b"computePickleDataVersions" in reply else reply
    )
    options = ("--bare",) if word == "check" else ("--no-check", "--python", "3.12")
    said = numeri("hosted", word, "model.pkl", *options, "--json")
    assert said.code in (1, 2)
    if word == "upload":
        assert "no data of version v5.3" in said.problem["message"]
        assert "it gives v5.2" in said.problem["hint"]
    else:
        levels = {one["check"]: (one["level"], one["message"]) for one in said.data["findings"]}
        assert levels["data version"] == (
            "mend", "Numerai offers no v5.3 to hosted models: there is v5.2",
        )  # fmt: skip
    assert hosting.pickles() == []


def test_what_failed_is_told_by_status_and_logs_show_the_telling_line_first(
    numeri: Numeri, hosting: HostingBench, uploaded: Callable[..., str]
) -> None:
    hosting.script.round = (HostedState(status="running", log=("Loading the model",)), ERROR)
    hosting.script.diagnostics = (HostedState(status="running", log=("era 0001",)),)
    pickle_id = uploaded("--assign")
    ran = numeri("hosted", "run", "lighthouse")
    assert ran.code == 1
    assert ran.err.splitlines()[-6].startswith(
        "error: the run of lighthouse failed: MemoryError: Unable to allocate 3.2 GiB"
    ), ran.err
    said = numeri("hosted", "status", "--json")
    assert said.code == 1
    assert said.data["models"][0]["run_status"] == "error"
    logs = numeri("hosted", "logs", "lighthouse", "--json")
    assert logs.code == 0
    [run] = logs.data["runs"]
    assert (logs.data["pickle_id"], run["status"]) == (pickle_id, "error")
    assert run["telling"] == "MemoryError: Unable to allocate 3.2 GiB"
    assert run["meaning"] == "it needs more than the 4 GB that there are"
    assert run["lines"][0] == "Loading the model"
    assert (logs.data["diagnostics_status"], logs.data["diagnostics"]) == ("running", ["era 0001"])
    shown = numeri("hosted", "logs", "lighthouse", "--limit", "5")
    assert shown.out.index("MemoryError: Unable") < shown.out.index("Loading the model")
    assert shown.out.count("\nrun ") == 2  # the validation's, too


def test_run_waits_for_the_submission_and_says_whether_it_counts(
    numeri: Numeri, hosting: HostingBench, uploaded: Callable[..., str]
) -> None:
    predictions = hosting.wire.predictions().to_csv(index=False).encode()
    hosting.script.round = (
        HostedState(status="pending"),
        HostedState(status="running"),
        HostedState(status="success", predictions=predictions),
    )
    uploaded("--assign")
    said = numeri("hosted", "run", "lighthouse", "--json")
    assert said.code == 0, said.out
    assert (said.data["status"], said.data["accepted"]) == ("success", True)
    assert hosting.wire.submission(said.data["submission_id"])["selected"]
    hosting.script.round = (HostedState(status="success", log=("No currently open rounds!",)),)
    closed = numeri("hosted", "run", "lighthouse")
    assert closed.code == 0
    assert "ran well; no round is open" in closed.out


def test_a_run_that_does_not_end_is_said_to_go_on_and_another_is_not_offered(
    numeri: Numeri, hosting: HostingBench, uploaded: Callable[..., str]
) -> None:
    hosting.script.round = (HostedState(status="running"),)
    uploaded("--assign")
    profile = Path("numeri.toml")
    profile.write_text(profile.read_text().replace("hosted_seconds = 20", "hosted_seconds = 0.05"))
    said = numeri("hosted", "run", "lighthouse", "--json")
    assert said.code == 4
    error = said.json["error"]
    assert error["code"] == "hosted_pending"
    assert "`numeri hosted status lighthouse` shows how it went" in error["hint"]
    assert "the same command would start another run" in error["hint"]


def test_what_is_assigned_and_not_validated_is_not_run(
    numeri: Numeri, hosting: HostingBench, uploaded: Callable[..., str]
) -> None:
    uploaded("--assign")
    with hosting.tournament.store.writing() as connection:  # as where it is tried again
        connection.execute("UPDATE hosted_models SET validation_status = 'validating'")
    began = len(hosting.script.runs)
    said = numeri("hosted", "run", "lighthouse")
    assert said.code == 4
    assert "the uploaded model of lighthouse is not validated yet: 'validating'" in said.err
    assert len(hosting.script.runs) == began


def test_assign_takes_the_newest_validated_and_remove_takes_it_off_again(
    numeri: Numeri, hosting: HostingBench, uploaded: Callable[..., str]
) -> None:
    first = uploaded()
    hosting.script.validation = FAILED
    Path("model.pkl").write_bytes(CONTENT[:-1] + b"0.")
    failed = uploaded()
    assert failed != first
    said = numeri("hosted", "assign", "lighthouse", "--json")
    assert (said.code, said.data["pickle_id"], said.data["changed"]) == (0, first, True)
    assert hosting.assigned() == first
    assert numeri("hosted", "assign", "lighthouse", "--json").data["changed"] is False
    refused = numeri("hosted", "assign", "lighthouse", failed)
    assert refused.code == 1
    assert f"--pickle {failed}` shows why" in refused.err
    twice = numeri("hosted", "assign", "beacon", first)
    assert twice.code == 1
    assert "submits for lighthouse already" in twice.err
    gone = numeri("hosted", "remove", "lighthouse", "--json")
    assert (gone.data["replaced"], gone.data["pickle_id"]) == (first, None)
    assert hosting.assigned() is None
    again = numeri("hosted", "remove", "lighthouse")
    assert (again.code, "ran none before" in again.out) == (0, True)


def test_a_model_that_is_not_validated_yet_is_not_assigned(
    numeri: Numeri, hosting: HostingBench, uploaded: Callable[..., str]
) -> None:
    hosting.script.validation = SILENT
    profile = Path("numeri.toml")
    profile.write_text(profile.read_text().replace("hosted_seconds = 20", "hosted_seconds = 0.05"))
    pickle_id = uploaded()
    said = numeri("hosted", "assign", "lighthouse")
    assert said.code == 4
    assert f"{pickle_id} is not validated yet: 'validating'" in said.err


def test_download_brings_the_bytes_that_were_uploaded_and_replaces_no_file(
    numeri: Numeri, hosting: HostingBench, uploaded: Callable[..., str]
) -> None:
    pickle_id = uploaded("--assign")
    said = numeri("hosted", "download", "lighthouse", "--json")
    assert said.code == 0, said.out
    path = Path(said.data["file"])
    assert path.name == "lighthouse.pkl"
    assert path.read_bytes() == CONTENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (said.data["known"], said.data["pickle_id"]) == (True, pickle_id)
    assert numeri("hosted", "download", "lighthouse").code == 2
    hosting.tournament.folders.hosted_model(pickle_id).write_bytes(b"another's")
    other = numeri("hosted", "download", "lighthouse", "--output", "other.pkl")
    assert other.code == 4
    assert "is not what this machine had uploaded" in other.err
    assert not Path("other.pkl").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("run lighthouse", "lighthouse runs no uploaded model"),
        ("logs lighthouse", "no model was uploaded for lighthouse"),
        ("assign lighthouse", "no model was uploaded for lighthouse"),
        ("assign lighthouse abc", "the account has no uploaded model 'abc'"),
        ("download lighthouse", "no model was uploaded for lighthouse"),
        ("status lighthuose", "the account has no model 'lighthuose'"),
        ("webhook test lighthouse", "lighthouse has no webhook"),
    ],
)
def test_where_there_is_nothing_that_is_said(
    numeri: Numeri, hosting: HostingBench, words: str, sentence: str
) -> None:
    said = numeri("hosted", *words.split())
    assert said.code == 1
    assert said.err.startswith(f"error: {sentence}"), said.err


def test_a_webhook_is_set_called_shown_without_its_path_and_taken_off(
    numeri: Numeri, hosting: HostingBench, home: Path
) -> None:
    with receiving() as receiver:
        address = f"{receiver.address}{SECRET}"
        said = numeri("hosted", "webhook", "set", address, "lighthouse", "--json")
        assert said.code == 0, said.out
        assert said.data["models"][0]["webhook"] == f"{receiver.address}/…"
        assert hosting.slot()["submissionWebhook"] == address
        tried = numeri("hosted", "webhook", "test", "lighthouse", "--json")
        [row] = tried.data["models"]
        [post] = receiver.received
    assert (post.path, post.json) == (SECRET, {"triggerId": row["trigger_id"]})
    assert row["log"] == ["the webhook answered 200"]
    shown = numeri("hosted", "status")
    off = numeri("hosted", "webhook", "off", "lighthouse")
    assert "has no webhook any more" in off.out
    assert hosting.slot()["submissionWebhook"] is None
    log = "".join(path.read_text() for path in (home / "log").glob("*.jsonl"))
    for text in (log, shown.out, json.dumps(said.json), json.dumps(tried.json)):
        assert "nobody-guesses" not in text


def test_an_address_without_its_scheme_is_refused_and_in_no_log_either(
    numeri: Numeri, hosting: HostingBench, home: Path
) -> None:
    said = numeri("hosted", "webhook", "set", f"example.org{SECRET}", "lighthouse")
    assert said.code != 0
    log = "".join(path.read_text() for path in (home / "log").glob("*.jsonl"))
    assert "webhook set" in log
    assert "nobody-guesses" not in log


def test_a_webhook_and_an_uploaded_model_exclude_each_other(
    numeri: Numeri, hosting: HostingBench, uploaded: Callable[..., str]
) -> None:
    pickle_id = uploaded("--assign")
    said = numeri("hosted", "webhook", "set", f"http://127.0.0.1:9{SECRET}", "lighthouse")
    assert said.code == 1
    assert said.err.startswith("error: lighthouse runs an uploaded model")
    hosting.set_webhook(f"http://127.0.0.1:9{SECRET}")  # by another program
    status = numeri("hosted", "status")
    assert status.code == 1
    assert "lighthouse has a webhook, and Numerai runs an uploaded model only" in status.out
    assert numeri("hosted", "remove", "lighthouse").code == 0
    refused = numeri("hosted", "assign", "lighthouse", pickle_id)
    assert (refused.code, "has the webhook http://127.0.0.1:9/…" in refused.err) == (1, True)
    assert numeri("hosted", "assign", "lighthouse", pickle_id, "--webhook-off").code == 0
    assert (hosting.assigned(), hosting.slot()["submissionWebhook"]) == (pickle_id, None)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("example.org/x", "the address of the webhook must be an address such as https://"),
        ("http://example.org/a-long-and-secret-path", "must begin with https://; plain http is"),
        ("ntfy://example.org/a-long-and-secret-path", "must begin with https://"),
    ],
)
def test_what_is_no_safe_address_is_refused_as_a_webhook(
    numeri: Numeri, hosting: HostingBench, address: str, sentence: str
) -> None:
    said = numeri("hosted", "webhook", "set", address)
    assert (said.code, sentence in said.err) == (2, True)
    assert hosting.slot()["submissionWebhook"] is None


def test_a_slot_of_signals_is_named_as_what_it_is(
    numeri: Numeri, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = [
        {"id": "1", "name": "lighthouse", "tournament": 8},
        {"id": "2", "name": "lantern", "tournament": 11},
    ]
    empty = {"submissionWebhook": None, "computePickleUpload": None}

    def answer(asked: Asked) -> Reply:
        if "apiTokenInfo" in asked.query:
            scopes = ["upload_submission"]
            return data(apiTokenInfo={"accountUsername": "me", "publicId": "A", "scopes": scopes})
        return data(account={"models": [{**one, **empty} for one in slots]})

    server.answer = answer
    monkeypatch.setenv("NUMERI_API_URL", server.url)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", "A" * 32)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", "B" * 64)
    Path("model.pkl").write_bytes(CONTENT)
    for words in ("upload model.pkl --model lantern", "assign lantern", "webhook off lantern"):
        said = numeri("hosted", *words.split())
        assert said.code == 1, said.err
        assert said.err.startswith("error: lantern is a slot of Signals, and Numerai runs uploaded")
