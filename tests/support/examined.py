"""A machine that the doctor looks at: a participant, locks that are held, what the log tells."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from numeri_cli.commands.login import NEEDED_SCOPES
from numeri_cli.credentials import Keys, store_keys
from numeri_cli.home import Home
from numeri_cli.log import Log, LogLine, Mask
from tests.support.runner import PROFILE, Numeri
from tests.support.said import Said
from tests.support.served import Served, served

STAND_IN = Path(__file__).parents[1] / "schedule" / "stand_in_crontab.py"
# the quick profile predicts 20 days, and the guard says so
GUARDED = {"guard_target": "mend"}


def found(said: Said) -> dict[str, str]:
    """Codes of what is not fine, each with the worst of its levels."""
    wrong = [one for one in said.data["findings"] if one["level"] != "fine"]
    return {one["code"]: one["level"] for one in sorted(wrong, key=lambda one: one["level"])}


def diagnosed(numeri: Numeri, *words: str) -> dict[str, str]:
    """What the doctor finds; each finding has a cure, and the exit code says the worst."""
    said = numeri("doctor", "--json", *words)
    levels = {one["level"] for one in said.data["findings"]}
    assert said.code == (1 if "mend" in levels else 4 if "cannot know" in levels else 0)
    assert all(one["hint"] for one in said.data["findings"] if one["level"] != "fine")
    return found(said)


def logged(home: Path, **end: object) -> None:
    log = Log(home / "log", command="run", mask=Mask(), trouble=print)
    log.begin("numeri run")
    if end:
        log.end(int(str(end["code"])), str(end["words"]))


@pytest.fixture
def crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a cron of its own, first on PATH; its folder."""
    folder = tmp_path / "cron"
    folder.mkdir()
    program = folder / "crontab"
    program.write_text(
        f'#!/bin/sh\nexec {sys.executable} -I -S {STAND_IN} {folder}/kept any "$@"\n'
    )
    program.chmod(0o755)
    (folder / "kept").mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-systemd"))
    return folder


@pytest.fixture
def participant(practice: Path, crontab: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A participant of a tournament on a server, with keys as they should be, and a schedule."""
    with served(practice) as server:
        Path("numeri.toml").write_text(PROFILE.replace('"practice"', f'"{server.address}"'))
        logged_in(server, *server.tournament.add_key(name="runs", scopes=NEEDED_SCOPES))
        yield server


def logged_in(server: Served, public_id: str, secret: str) -> None:
    """Store keys for the server's host, as `numeri login` does."""
    store_keys(Home.find().credentials, Keys(public_id, secret), host=server.host)


@contextmanager
def held(path: Path) -> Iterator[int]:
    """A lock that another process holds; the process."""
    script = (
        "import sys, time; from pathlib import Path; from numeri_cli.locks import held_lock\n"
        "with held_lock(Path(sys.argv[1]), what='a run'):\n    print('held', flush=True)\n"
        "    time.sleep(600)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder.pid
    finally:
        holder.kill()
        holder.communicate()


def began(home: Path, process: int, command: str, *, hours: float) -> None:
    """The log tells that a process began a command so long ago."""
    line = LogLine(
        time=datetime.now(UTC) - timedelta(hours=hours), run="r1", command=command,
        event="begin", seconds=0.0, level="info", words="", process=process,
    )  # fmt: skip
    with (home / "log" / "numeri.jsonl").open("ab") as file:
        file.write(line.written())


@contextmanager
def slowed(address: str, *, seconds: float) -> Iterator[tuple[str, list[int]]]:
    """A server that passes everything on to another, each after so long.

    yields: its address, and of each request how many were under way when it had come
    """
    waiting: set[int] = set()
    under_way: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            waiting.add(id(self))
            under_way.append(len(waiting))
            time.sleep(seconds)
            waiting.remove(id(self))
            kept = {"Authorization", "Content-Type", "Accept"}
            headers = {name: value for name, value in self.headers.items() if name.title() in kept}
            request = urllib.request.Request(address + self.path, data=body, headers=headers)  # noqa: S310 - of this machine
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - of this machine
                content = answer.read()
                self.send_response_only(answer.status)
                self.send_header("Date", answer.headers["Date"])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serving = Thread(target=server.serve_forever, args=(0.05,))
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", under_way
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
