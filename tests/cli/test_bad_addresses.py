"""Servers that cannot be reached, and addresses nobody should speak to."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.support.refusals import kept, refused
from tests.support.runner import Numeri

HURRY = "\n[wire]\nattempts = 2\nbackoff_start_seconds = 0.01\n"


@pytest.fixture
def closed_port(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a port that nobody listens on, named by the environment, with keys."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    monkeypatch.setenv("NUMERI_API_URL", address)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", "P" * 32)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", "S" * 64)
    return address


@pytest.mark.parametrize("command", ["run", "submit", "download", "datasets", "login", "models"])
def test_an_unreachable_server_is_said_and_changes_nothing(
    numeri: Numeri, trained: Path, profile: Path, closed_port: str, command: str
) -> None:
    profile.write_text(profile.read_text() + HURRY)
    before = kept(trained)
    said = numeri(command, "--json")
    kept_nothing, lost_nothing = "the keys were not stored; look at the network", "nothing was lost"
    refused(
        said,
        exit_code=4,
        code="unreachable",
        sentence="no connection to 127.0.0.1",
        cure=kept_nothing if command == "login" else f"look at the network; {lost_nothing}",
    )
    assert kept(trained) == before


def test_status_offline_shows_the_ledger_and_says_why(
    numeri: Numeri, profile: Path, closed_port: str
) -> None:
    profile.write_text(profile.read_text() + HURRY)
    said = numeri("status")
    assert said.code == 4
    assert "from the ledger, the server could not be asked" in said.out
    told = numeri("status", "--json")
    refused(
        told, exit_code=4, code="unreachable", sentence="no connection to 127.0.0.1", cure="network"
    )
    assert told.data["source"] == "ledger"
    quiet = numeri("status", "--quiet")
    assert (quiet.code, quiet.out) == (4, "")
    assert quiet.err.startswith("error: no connection to 127.0.0.1")


def test_rounds_need_no_server(numeri: Numeri, profile: Path, closed_port: str) -> None:
    assert numeri("rounds").code == 0


@pytest.mark.parametrize(
    "address",
    ["nonsense", "ftp://x", "http://", "http://127.0.0.1:99999", "http://[::1", "  ", "//x"],
)
def test_what_is_no_address_is_no_tournament(
    numeri: Numeri, profile: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("NUMERI_API_URL", address)
    by_option = numeri("run", "--tournament", address, "--json")
    for said in (numeri("run", "--json"), numeri("login", "--json"), by_option):
        refused(
            said,
            exit_code=2,
            code="usage",
            sentence="is no tournament",
            cure="numerai, practice, or an address",
        )


@pytest.mark.parametrize(
    "address", ["http://example.com", "http://10.1.2.3:8000/", "http://0.0.0.0"]
)
def test_plain_http_is_for_this_machine_only(
    numeri: Numeri, profile: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("NUMERI_API_URL", address)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", "P" * 32)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", "S" * 64)
    for command in ("run", "download", "login"):
        said = numeri(command, "--json")
        refused(
            said,
            exit_code=1,
            code="address_unsafe",
            sentence="without encryption",
            cure="use https",
        )


def test_a_password_in_an_address_is_neither_used_nor_shown(
    numeri: Numeri, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERI_API_URL", "https://me:hunter2@127.0.0.1/")
    said = numeri("run", "--json")
    assert said.code == 2
    assert "hunter2" not in said.out + said.err
