"""Which addresses go through a proxy of the environment."""

from __future__ import annotations

import ssl

import httpx
import pytest

from numeri_cli.api.client import Client
from numeri_cli.api.http.proxies import proxy_mounts
from numeri_cli.errors import Unreachable
from tests.support.runner import call_process
from tests.support.scripted_server import KEYS, QUICK, Server

PROXY = "http://127.0.0.1:9"
DOCKERS = "localhost,127.0.0.0/8,::1/128,*.local,[fe80::/10],example.com"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def client() -> httpx.Client:
    mounts = proxy_mounts(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), httpx.Limits())
    return httpx.Client(mounts=mounts, trust_env=False)


def is_proxied(one: httpx.Client, address: str) -> bool:
    return one._transport_for_url(httpx.URL(address)) is not one._transport


def test_entries_that_no_address_can_match_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", DOCKERS)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    one = client()
    assert is_proxied(one, "https://numer.ai/")
    assert not is_proxied(one, "https://example.com/")
    assert not is_proxied(one, "https://www.example.com/")
    assert not is_proxied(one, "http://numer.ai/")


@pytest.mark.parametrize(
    ("entry", "host"), [("2001:db8::7", "2001:db8::7"), ("[2001:db8::7]", "2001:db8::7")]
)
def test_an_ipv6_address_can_be_kept_from_the_proxy(
    monkeypatch: pytest.MonkeyPatch, entry: str, host: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", f"example.com,{entry}")
    one = client()
    assert not is_proxied(one, f"https://[{host}]/")
    assert not is_proxied(one, f"https://[{host}]:8443/")
    assert is_proxied(one, "https://[2001:db8::8]/")


def test_a_star_leaves_every_proxy_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", PROXY)
    assert is_proxied(client(), "https://numer.ai/")
    monkeypatch.setenv("NO_PROXY", "example.com,*")
    assert not is_proxied(client(), "https://numer.ai/")


def test_what_docker_writes_into_no_proxy_stops_no_command() -> None:
    """Nobody answers on this port; the settings of the environment are not to blame for it."""
    words = ("datasets", "--tournament", "http://127.0.0.1:9", "--json")
    said = call_process(*words, NO_PROXY=DOCKERS, NUMERAI_PUBLIC_ID="A" * 32)
    assert said.json["error"]["code"] in ("unreachable", "keys_missing")
    assert "proxy" not in said.json["error"]["message"]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.2", "127.255.255.254"])
def test_keys_for_any_address_of_this_machine_pass_by_a_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    monkeypatch.setenv(variable, server.url)
    monkeypatch.setenv(variable.lower(), server.url)
    with (
        Client(f"http://{host}:{server.port}/", keys=KEYS, limits=QUICK) as client,
        pytest.raises(Unreachable),
    ):
        client.list_datasets()
    assert server.asked == []
