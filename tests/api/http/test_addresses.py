"""Which hosts are this machine: by their numbers. Keys in clear go to no other."""

from __future__ import annotations

import pytest

from numeri_cli.api.client import Client
from numeri_cli.api.http.addresses import checked, is_loopback
from numeri_cli.errors import AddressUnsafe, Unreachable, UsageProblem
from numeri_cli.home import Home
from tests.support.refusals import refused
from tests.support.runner import call_process
from tests.support.scripted_server import KEYS, QUICK, Server

HERE = ["127.0.0.1", "127.255.255.254", "::1", "[::1]", "::ffff:127.0.0.1", "localhost"]
ELSEWHERE = [
    "127.0.0.1.evil.example", "127.evil.example", "localhost.evil.example", "localhost6.example",
    "0.0.0.0", "128.0.0.1", "10.0.0.1", "::2", "::ffff:10.0.0.1", "127.1", "2130706433", "0x7f.1",  # noqa: S104 - nobody binds to it
]  # fmt: skip


@pytest.mark.parametrize("host", HERE)
def test_this_machine_is_known_by_its_numbers(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_name_that_looks_like_this_machine_gets_nothing_in_clear(host: str) -> None:
    assert not is_loopback(host)
    shown = f"[{host}]" if ":" in host else host
    with pytest.raises(AddressUnsafe, match="without encryption"):
        checked(f"http://{shown}:8000/")
    with pytest.raises(AddressUnsafe):
        Client(f"http://{shown}:8000/", keys=KEYS)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.2", "localhost"])
def test_encrypted_questions_to_this_machine_pass_by_a_proxy_too(
    server: Server, monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    for name in (variable, variable.lower()):
        monkeypatch.setenv(name, server.url)
    with (
        Client(f"https://{host}:1/", keys=KEYS, limits=QUICK) as client,
        pytest.raises(Unreachable),
    ):
        client.list_datasets()
    assert server.asked == []
    assert server.connections == 0


def test_a_proxy_with_the_quotes_of_an_env_file_is_the_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f'"{server.url}"')
    with (
        Client("https://tournament.invalid/", keys=KEYS, limits=QUICK) as client,
        pytest.raises(Unreachable),
    ):
        client.list_datasets()
    assert {one.method for one in server.asked} == {"CONNECT"}
    assert "the-secret" not in str(server.asked)


@pytest.mark.parametrize("mark", ['"', "'", "\u201c"])
def test_quotes_of_an_env_file_around_a_home_are_named(
    monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    monkeypatch.setenv("NUMERI_HOME", f"{mark}/srv/home{mark}")
    with pytest.raises(UsageProblem, match="NUMERI_HOME begins or ends with a quotation mark"):
        Home.find()


def test_quotes_of_an_env_file_around_the_servers_address_are_named() -> None:
    said = call_process("datasets", "--json", NUMERI_API_URL='"http://127.0.0.1:9"')
    refused(
        said,
        exit_code=2,
        code="usage",
        sentence="NUMERI_API_URL begins or ends with a quotation mark",
        cure="take the quotes away",
    )
