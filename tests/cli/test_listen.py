"""numeri listen: a call of the webhook becomes a submission, and Ctrl-C is no error."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
from pathlib import Path

from tests.support.processes import await_truth, await_words, fork
from tests.support.refusals import refused
from tests.support.runner import Numeri
from tests.support.webhooks import post, reply_to


def test_a_call_becomes_a_submission_that_names_its_trigger(trained: Path) -> None:
    """The path is a secret: where nobody is at a terminal, only its file is told."""
    listening = fork("numeri_cli", "listen", "--port", "0")
    await_truth(lambda: listening.out.exists() and "listens on" in listening.out.read_text(), "it")
    port = int(re.findall(r"http://127\.0\.0\.1:(\d+)", listening.out.read_text())[0])
    path = (trained / "config" / "webhook-path").read_text().strip()
    answer = reply_to(port, post(path, b'{"triggerId": "6b1f-22"}'))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    await_words(listening, "the run ended with exit code 0")
    listening.send_signal(signal.SIGINT)
    said = listening.ended()
    assert said.code == 0, said.err
    assert "the webhook called: a run starts" in said.err
    assert "lighthouse   accepted, on-time" in said.out
    [database] = (trained / "data" / "practice").glob("*.sqlite")
    rows = sqlite3.connect(database).execute("SELECT trigger_id FROM submissions").fetchall()
    assert rows == [("6b1f-22",)]
    logged = "".join(one.read_text() for one in (trained / "log").rglob("*") if one.is_file())
    assert "listen" in logged
    for written in (said.out, said.err, logged):
        assert path.removeprefix("/") not in written


def test_a_port_that_is_taken_is_refused(numeri: Numeri, practice: Path, profile: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = numeri("listen", "--port", port, "--json")
    refused(
        said,
        exit_code=4,
        code="disk_trouble",
        sentence=f"port {port} of 127.0.0.1 cannot be listened on",
        cure="another --port",
    )


def test_without_keys_it_does_not_begin_to_listen(numeri: Numeri, home: Path) -> None:
    Path("numeri.toml").write_text('[models.a]\ntargets = ["target"]\n')
    said = numeri("listen", "--json")
    assert (said.code, said.json["error"]["code"]) == (3, "keys_missing")
    assert not (home / "config" / "webhook-path").exists()
