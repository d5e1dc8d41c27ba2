"""No secret of a user in any output, file, log or process list; a planted one is found first."""

from __future__ import annotations

import base64
import json
import logging
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from numeri_cli.cli.app import application
from tests.support.bench import TIGHT, Bench, numeri
from tests.support.processes import ended, start
from tests.support.steps import Fault, Step

SERVES_FOR_EVER = {"login", "listen", "mcp"}  # login is asked for by itself below
SIGNATURE = re.compile(rb"X-Signature=([0-9a-f]{32,})")


def forms(secret: str) -> list[bytes]:
    """A secret as it is, and as it may be dressed."""
    dressed = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], secret[:-4]}
    for shift in range(3):  # base64 of something longer that holds it
        text = base64.b64encode(b"x" * shift + secret.encode()).decode()
        dressed.add(text[4:-4])
    return [form.encode() for form in dressed]


def holders(folder: Path, secrets: list[str]) -> list[Path]:
    """Files below the folder that hold one of the secrets."""
    sought = [form for secret in secrets for form in forms(secret)]
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if any(form in path.read_bytes() for form in sought)]


def speakers(texts: list[str], secrets: list[str]) -> list[str]:
    """Texts that hold one of the secrets."""
    sought = [form.decode() for secret in secrets for form in forms(secret)]
    return [text for text in texts if any(form in text for form in sought)]


def command_lines() -> list[str]:
    """The process list, as every user of the machine sees it."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has ended meanwhile
    return lines


class Memory(logging.Handler):
    """Keeps every record of every logger."""

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what would be written, and what it is made of."""
        self.lines += [record.getMessage(), repr(record.args), str(record.exc_info)]


@pytest.fixture
def heard() -> Iterator[Memory]:
    """A log of everything, as somebody might set it up who wants to see everything."""
    memory, root = Memory(), logging.getLogger()
    level = root.level
    root.addHandler(memory)
    root.setLevel(logging.DEBUG)
    yield memory
    root.removeHandler(memory)
    root.setLevel(level)


def names_of_commands() -> list[str]:
    """Every command at the top, as it is called."""
    return [str(command.name) for command in application(()).registered_commands]


def secrets_of(bench: Bench) -> list[str]:
    """The secret key, the whole header, and every signature that has passed."""
    signatures = {
        found.decode() for one in bench.proxy.passed for found in SIGNATURE.findall(one.head)
    }
    return [bench.keys.secret, bench.keys.authorization(), *sorted(signatures)]


def test_planted_secrets_are_found(bench: Bench, home: Path, heard: Memory) -> None:
    secret = bench.keys.secret
    places = {
        home / "log" / "numeri.log": f"asked with Token A${secret} in vain".encode(),
        home / "data" / "report.html": quote(secret, safe="").encode(),
        home / "data" / "ledger.bin": b"\0" + base64.b64encode(b"A$" + secret.encode()),
    }
    for path, content in places.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert sorted(holders(home, [secret])) == sorted(places)
    assert speakers([f"error: {secret}", "fine"], [secret]) == [f"error: {secret}"]
    logging.getLogger("somebody").debug("sent %s", secret)
    assert speakers(heard.lines, [secret])
    with subprocess.Popen([sys.executable, "-c", "input()", secret], stdin=-1) as planted:
        until = time.monotonic() + 300  # a process has no words until it is really started
        while not speakers(command_lines(), [secret]):
            assert time.monotonic() < until
            time.sleep(0.01)
        planted.communicate(b"\n")
    assert not speakers(command_lines(), [secret])


def test_no_command_tells_a_secret(bench: Bench, home: Path, heard: Memory) -> None:
    texts = []
    for name in names_of_commands():
        if name in SERVES_FOR_EVER:
            continue
        for form in ("--verbose", "--json"):
            said = numeri(name, form)
            texts += [said.out, said.err]
    assert bench.held(), "the commands did not even submit"
    secrets = secrets_of(bench)
    assert len(secrets) > 6, "no signed address has passed"
    assert speakers(texts, secrets) == []
    assert speakers(heard.lines, secrets) == []
    assert holders(home.parent, secrets) == []


@pytest.mark.parametrize("step", [Step.ROUNDS, Step.MODELS, Step.AUTHORIZE, Step.CREATE])
def test_a_server_that_echoes_the_keys_is_not_quoted(
    bench: Bench, home: Path, heard: Memory, step: Step
) -> None:
    secret = bench.keys.secret
    words = f"I do not like {bench.keys.authorization()} nor {secret} at all"
    bench.proxy.spoil(step, Fault.REFUSAL, words=words)
    said = numeri("run", "--verbose", "--json")
    assert bench.proxy.fired(step, Fault.REFUSAL) == 1
    assert said.code == 1
    assert "I do not like" in said.problem["message"]
    assert speakers([said.out, said.err, *heard.lines], [secret]) == []
    assert holders(home.parent, [secret]) == []


@pytest.mark.parametrize("fault", [Fault.EXPIRED_403, Fault.RESET, Fault.SILENCE, Fault.REFUSED])
@pytest.mark.parametrize("step", [Step.DOWNLOAD, Step.UPLOAD])
def test_a_transfer_that_fails_tells_no_signature(
    bench: Bench, home: Path, heard: Memory, step: Step, fault: Fault
) -> None:
    bench.proxy.spoil(step, fault, times=None)
    bench.allow(2, seconds=TIGHT)
    said = numeri("run", "--verbose")
    assert said.code == 4
    secrets = secrets_of(bench)
    assert len(secrets) > 2, "no signed address has passed"
    assert speakers([said.out, said.err, *heard.lines], secrets) == []
    assert holders(home.parent, secrets) == []


def test_wrong_keys_are_refused_without_being_shown(
    bench: Bench, home: Path, heard: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "W" * 8 + bench.keys.secret[8:]
    monkeypatch.setenv("NUMERAI_SECRET_KEY", wrong)
    said = numeri("run", "--verbose")
    assert said.code == 3
    assert speakers([said.out, said.err, *heard.lines], [wrong]) == []
    assert holders(home.parent, [wrong]) == []


def test_an_address_with_a_password_in_it_does_not_show_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = "correct-horse-battery"
    monkeypatch.setenv("NUMERI_API_URL", bench.proxy.url.replace("://", f"://me:{password}@"))
    said = numeri("run")
    assert said.code != 0
    assert speakers([said.out, said.err], [password]) == []


def test_the_process_list_shows_no_secret_while_a_run_is_at_work(bench: Bench) -> None:
    bench.proxy.spoil(Step.CREATE, Fault.SILENCE)
    running = start("numeri_cli", "run", "--verbose")
    bench.proxy.await_fault(Step.CREATE, Fault.SILENCE)
    lines = command_lines()
    bench.proxy.lift()
    said = ended(running)
    assert said.code == 0, said.err
    assert any("numeri_cli run" in line for line in lines)
    assert speakers([*lines, said.out, said.err], secrets_of(bench)) == []


def test_a_login_keeps_the_secret_in_one_file_of_the_owner_alone(
    bench: Bench, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = bench.keys
    for name in ("NUMERAI_PUBLIC_ID", "NUMERAI_SECRET_KEY"):
        monkeypatch.delenv(name)
    running = start("numeri_cli", "login", "--stdin", "--verbose", stdin=subprocess.PIPE)
    said = ended(running, f"{keys.public_id}\n{keys.secret}\n")
    assert said.code == 0, said.err
    stored = home / "config" / "credentials.toml"
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert numeri("run", "--verbose").code == 0
    assert speakers([said.out, said.err], [keys.secret]) == []
    assert holders(home.parent, [keys.secret]) == [stored]
