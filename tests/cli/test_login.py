"""numeri login and logout: asked without echo, checked with the server, kept from others."""

from __future__ import annotations

import io
import os
import pty
import select
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from numeri_cli.credentials import stored_hosts
from tests.support.refusals import refused
from tests.support.runner import Numeri
from tests.support.served import Served, served

Patch = pytest.MonkeyPatch
SECONDS = 300


@pytest.fixture
def server(practice: Path) -> Iterator[Served]:
    """A practice tournament on a socket."""
    with served(practice) as found:
        yield found


@pytest.fixture
def credentials(home: Path) -> Path:
    return home / "config" / "credentials.toml"


ENTER = """\
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "numeri_cli", *sys.argv[1:]])
"""


class Terminal:
    """numeri login in a terminal of its own, as a person sees it."""

    def __init__(self, address: str) -> None:
        self.seen = ""
        self._screen, other_side = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", ENTER, "login", "--tournament", address],
            stdin=other_side,
            stdout=other_side,
            stderr=other_side,
        )
        os.close(other_side)

    def wait_for(self, words: str) -> None:
        """Read until these words are on the screen."""
        while words not in self.seen:
            assert self._read(), self.seen

    def type(self, words: str) -> None:
        """Type words and what ends them, no sooner than a person after the prompt."""
        time.sleep(0.3)
        os.write(self._screen, words.encode())

    def end(self) -> int:
        """Wait until the program is done; its exit code."""
        while self._read():
            pass
        os.close(self._screen)
        return self._process.wait(timeout=SECONDS)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._screen], [], [], SECONDS)
        assert ready, f"nothing came for {SECONDS} seconds after: {self.seen}"
        try:
            found = os.read(self._screen, 4096)
        except OSError:  # Linux says so when the other side has closed
            return False
        self.seen += found.decode()
        return bool(found)


def test_in_a_terminal_the_secret_is_asked_for_without_echo(
    server: Served, credentials: Path
) -> None:
    public_id, secret = server.keys
    terminal = Terminal(server.address)
    terminal.wait_for("Public id: ")
    terminal.type(f"{public_id}\n")
    assert terminal.seen.index(f"Keys for {server.host}") < terminal.seen.index("Public id")
    assert "not a server of Numerai, named by --tournament" in terminal.seen
    terminal.wait_for("Secret key: ")
    terminal.type(f"{secret}\n")
    terminal.wait_for(f"Send these keys to {server.host}?")
    terminal.type("y\n")
    assert terminal.end() == 0, terminal.seen
    assert public_id in terminal.seen, "what is echoed is seen by this test"
    assert secret not in terminal.seen
    assert "newcomer" in terminal.seen
    assert stored_hosts(credentials)[server.host].secret == secret
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600


def test_keys_go_to_no_other_host_than_numerais_without_a_second_yes(
    server: Served, credentials: Path
) -> None:
    terminal = Terminal(server.address)
    terminal.wait_for("Public id: ")
    terminal.type(f"{server.keys[0]}\n")
    terminal.wait_for("Secret key: ")
    terminal.type(f"{server.keys[1]}\n")
    terminal.wait_for("Send these keys to ")
    terminal.type("\n")
    assert terminal.end() == 3, terminal.seen
    assert "neither sent to" in terminal.seen
    assert not credentials.exists()


def test_a_host_that_only_a_profile_names_gets_no_keys_where_nobody_can_be_asked(
    numeri: Numeri, server: Served, credentials: Path, monkeypatch: Patch, tmp_path: Path
) -> None:
    folder = tmp_path / "found-somewhere"
    folder.mkdir()
    (folder / "numeri.toml").write_text(f'tournament = "{server.address}"\n[models.beacon]\n')
    monkeypatch.chdir(folder)
    for stdin in (("--stdin",), ()):
        monkeypatch.setattr("sys.stdin", io.StringIO("{}\n{}\n".format(*server.keys)))
        said = numeri("login", *stdin, "--json")
        refused(
            said,
            exit_code=2,
            code="usage",
            sentence=f"names {server.host}, which is not Numerai's",
            cure="numeri login --tournament",
        )
    assert not credentials.exists()


def test_where_keys_will_go_is_said_before_they_are_read(
    numeri: Numeri, server: Served, monkeypatch: Patch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("{}\n{}\n".format(*server.keys)))
    said = numeri("login", "--stdin", "--tournament", server.address)
    assert said.code == 0
    assert f"Keys for {server.host}, tournament {server.host.replace(':', '-')}" in said.err
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n"))
    assert "Numerai's own server" in numeri("login", "--stdin").err


def test_ctrl_c_at_the_prompt_stores_nothing(server: Served, credentials: Path) -> None:
    terminal = Terminal(server.address)
    terminal.wait_for("Public id: ")
    terminal.type("\x03")
    assert terminal.end() == 130, terminal.seen
    assert "error: interrupted" in terminal.seen
    assert "Traceback" not in terminal.seen
    assert not credentials.exists()


def test_the_end_of_input_at_the_prompt_stores_nothing(server: Served, credentials: Path) -> None:
    terminal = Terminal(server.address)
    terminal.wait_for("Public id: ")
    terminal.type("\x04")
    assert terminal.end() == 2, terminal.seen
    assert "the question was not answered" in terminal.seen
    assert not credentials.exists()


def test_two_lines_on_standard_input_are_keys(
    numeri: Numeri, server: Served, credentials: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("{}\n{}\n".format(*server.keys)))
    said = numeri("login", "--stdin", "--tournament", server.address, "--json")
    assert said.code == 0
    assert said.data["account"] == "newcomer"
    assert said.data["host"] == server.host
    assert server.keys[1] not in said.out
    assert stored_hosts(credentials)[server.host].public_id == server.keys[0]
    assert numeri("models", "--tournament", server.address).code != 3


def test_keys_in_the_environment_can_be_stored(
    numeri: Numeri, server: Served, credentials: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setenv("NUMERI_API_URL", server.address)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", server.keys[0])
    monkeypatch.setenv("NUMERAI_SECRET_KEY", server.keys[1])
    said = numeri("login")
    assert said.code == 0
    assert "environment" in said.err
    for name in ("NUMERAI_PUBLIC_ID", "NUMERAI_SECRET_KEY"):
        monkeypatch.delenv(name)
    assert numeri("models").code != 3
    assert server.host in credentials.read_text()


def test_wrong_keys_are_not_stored_and_do_not_replace_good_ones(
    numeri: Numeri, server: Served, credentials: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("{}\n{}\n".format(*server.keys)))
    assert numeri("login", "--stdin", "--tournament", server.address).code == 0
    before = credentials.read_bytes()
    for typed in ("A" * 32 + "\n" + "B" * 64 + "\n", "{1}\n{0}\n".format(*server.keys)):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        said = numeri("login", "--stdin", "--tournament", server.address, "--json")
        refused(
            said,
            exit_code=3,
            code="keys_refused",
            sentence="refused the keys",
            cure="swapped or outdated",
        )
        assert credentials.read_bytes() == before


def test_without_a_network_login_says_that_the_keys_were_not_stored(
    numeri: Numeri, credentials: Path, monkeypatch: Patch
) -> None:
    Path("numeri.toml").write_text("[models.lighthouse]\n[wire]\nattempts = 1\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("A" * 32 + "\n" + "B" * 64 + "\n"))
    said = numeri("login", "--stdin", "--tournament", "http://127.0.0.1:1", "--json")
    refused(
        said,
        exit_code=4,
        code="unreachable",
        sentence="no connection",
        cure="the keys were not stored; look at the network; run the same command again",
    )
    assert not credentials.exists()


@pytest.mark.parametrize("typed", ["", "\n\n", "onlyone\n", "two words\nsecret\n"])
def test_what_are_no_two_keys_is_refused(
    numeri: Numeri, server: Served, credentials: Path, monkeypatch: Patch, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    said = numeri("login", "--stdin", "--tournament", server.address, "--json")
    refused(
        said,
        exit_code=3,
        code="keys_missing",
        sentence="a public id and a secret key are needed",
        cure="numer.ai > Account > Automation",
    )
    assert not credentials.exists()


def test_without_terminal_input_or_environment_nothing_waits_for_ever(
    numeri: Numeri, server: Served
) -> None:
    said = numeri("login", "--tournament", server.address, "--json")
    refused(said, exit_code=3, code="keys_missing", sentence="no keys were given", cure="--stdin")


def test_a_file_that_others_can_read_is_not_added_to(
    numeri: Numeri, server: Served, credentials: Path, monkeypatch: Patch
) -> None:
    credentials.parent.mkdir(parents=True)
    credentials.write_text("[hosts]\n")
    credentials.chmod(0o644)
    monkeypatch.setattr("sys.stdin", io.StringIO("{}\n{}\n".format(*server.keys)))
    said = numeri("login", "--stdin", "--tournament", server.address, "--json")
    refused(
        said,
        exit_code=3,
        code="credentials_unsafe",
        sentence="can be read by other users",
        cure="`chmod 600",
    )
    assert credentials.read_text() == "[hosts]\n"


def test_the_practice_tournament_keeps_its_own_keys(numeri: Numeri, credentials: Path) -> None:
    said = numeri("login", "--tournament", "practice", "--json")
    refused(
        said,
        exit_code=2,
        code="usage",
        sentence="keeps its own keys",
        cure="`numeri run --tournament practice`",
    )
    assert not credentials.exists()


def test_logout_forgets_the_keys_of_one_host_only(
    numeri: Numeri, server: Served, credentials: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("{}\n{}\n".format(*server.keys)))
    assert numeri("login", "--stdin", "--tournament", server.address).code == 0
    with credentials.open("a") as file:
        file.write('\n[hosts."api.example"]\npublic_id = "P"\nsecret_key = "S"\n')
    assert numeri("logout", "--tournament", server.address).code == 0
    assert list(stored_hosts(credentials)) == ["api.example"]
    assert server.keys[1] not in credentials.read_text()
    again = numeri("logout", "--tournament", server.address, "--json")
    assert again.code == 0
    assert again.data["forgotten"] is False
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
