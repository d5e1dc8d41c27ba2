"""Keys that are absent, half, wrong, swapped or weak; keys of one host before another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.refusals import refused
from tests.support.runner import Numeri
from tests.support.served import Served, ear, served

Patch = pytest.MonkeyPatch


@pytest.fixture
def server(practice: Path, profile: Path, monkeypatch: Patch) -> Iterator[Served]:
    """A practice tournament on a socket that the environment names; no keys yet."""
    with served(practice) as found:
        monkeypatch.setenv("NUMERI_API_URL", found.address)
        yield found


def give(monkeypatch: Patch, public_id: str, secret: str) -> None:
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", public_id)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", secret)


def test_without_keys_nothing_is_asked(numeri: Numeri, server: Served, home: Path) -> None:
    for command in ("run", "submit", "status"):
        said = numeri(command, "--json")
        refused(
            said,
            exit_code=3,
            code="keys_missing",
            sentence=f"no keys are known for {server.host}",
            cure="`numeri login`",
        )
    assert not (home / "data" / "ledger.sqlite").exists()


@pytest.mark.parametrize(
    ("public_id", "secret", "sentence"),
    [
        ("", "S", "NUMERAI_PUBLIC_ID is not set, but its other half is"),
        ("P", "", "NUMERAI_SECRET_KEY is not set, but its other half is"),
        ("two words", "S", "each one word"),
        ("P$", "S", "each one word"),
        ("é", "S", "each one word"),
    ],
)
def test_half_and_mangled_keys_are_refused_before_they_are_sent(
    numeri: Numeri,
    server: Served,
    monkeypatch: Patch,
    public_id: str,
    secret: str,
    sentence: str,
) -> None:
    give(monkeypatch, public_id, secret)
    for command in ("run", "login"):
        said = numeri(command, "--json")
        refused(said, exit_code=3, code="keys_missing", sentence=sentence, cure="`numeri login`")


def test_one_variable_for_both_keys_must_hold_both(
    numeri: Numeri, server: Served, monkeypatch: Patch
) -> None:
    monkeypatch.setenv("NUMERAI_MCP_AUTH", "Token half")
    said = numeri("status", "--json")
    refused(
        said,
        exit_code=3,
        code="keys_missing",
        sentence="NUMERAI_MCP_AUTH does not hold",
        cure="PUBLIC_ID$SECRET_KEY",
    )
    monkeypatch.setenv("NUMERAI_MCP_AUTH", "Token {}${}".format(*server.keys))
    assert numeri("status").code == 1


@pytest.mark.parametrize("swapped", [False, True], ids=["wrong", "swapped"])
def test_wrong_and_swapped_keys_are_refused_in_the_servers_words_and_shown_nowhere(
    numeri: Numeri, server: Served, monkeypatch: Patch, home: Path, swapped: bool
) -> None:
    public_id, secret = server.keys
    give(monkeypatch, *((secret, public_id) if swapped else (public_id, "X" * 64)))
    for command in ("run", "submit", "status", "login"):
        said = numeri(command, "--json")
        refused(
            said,
            exit_code=3,
            code="keys_refused",
            sentence="Your session is invalid or has expired",
            cure="swapped or outdated",
        )
        assert secret not in said.out
    names = [path.name for path in home.rglob("*")]
    assert [name for name in names if secret in name] == []
    give(monkeypatch, public_id, secret)
    assert numeri("status").code == 1


def test_keys_without_a_scope_are_refused_by_its_name(
    numeri: Numeri, server: Served, monkeypatch: Patch, home: Path
) -> None:
    weak = server.tournament.add_key(name="weak", scopes=("read_user_info",))
    give(monkeypatch, *weak)
    said = numeri("run", "--json")
    refused(
        said,
        exit_code=3,
        code="scope_missing",
        sentence="Insufficient permission for read_submission_info",
        cure="scope read_submission_info",
    )
    assert said.json["error"]["message"].count("Insufficient") == 1
    said = numeri("login", "--json")
    refused(
        said,
        exit_code=3,
        code="scope_missing",
        sentence="lack: upload_submission, read_submission_info",
        cure="numer.ai > Account > Automation",
    )
    assert not (home / "config" / "credentials.toml").exists()


@pytest.mark.parametrize(
    ("content", "mode", "sentence", "cure"),
    [
        (b"[hosts]\n", 0o644, "can be read by other users", "`chmod 600"),
        (b"[hosts]\n", 0o620, "can be read by other users", "`chmod 600"),
        (b"not toml at all", 0o600, "is damaged, or no file of keys", "`numeri login`"),
        (b"\xff\xfe", 0o600, "is damaged, or no file of keys", "`numeri login`"),
        (b"[hosts.x]\npublic_id = 1\n", 0o600, "is damaged, or no file of keys", "`numeri login`"),
    ],
)
def test_a_file_of_keys_that_is_open_or_damaged_is_refused_and_left(
    numeri: Numeri,
    server: Served,
    home: Path,
    content: bytes,
    mode: int,
    sentence: str,
    cure: str,
) -> None:
    path = home / "config" / "credentials.toml"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    path.chmod(mode)
    said = numeri("run", "--json")
    refused(said, exit_code=3, code="credentials_unsafe", sentence=sentence, cure=cure)
    assert path.read_bytes() == content


def test_keys_of_one_host_never_go_to_another(
    numeri: Numeri, server: Served, monkeypatch: Patch
) -> None:
    give(monkeypatch, *server.keys)
    assert numeri("login").code == 0
    with ear() as other:
        for stored_only in (False, True):
            if stored_only:
                for name in ("NUMERAI_PUBLIC_ID", "NUMERAI_SECRET_KEY", "NUMERI_API_URL"):
                    monkeypatch.delenv(name)
            for command in ("status", "run", "submit"):
                said = numeri(command, "--tournament", other.address, "--json")
                assert said.json["error"]["code"] == "keys_missing"
            assert numeri("download", "--tournament", other.address).code == 1
        assert other.heard, "a download asks without keys"
        assert other.keys == []
        monkeypatch.setenv("NUMERI_API_URL", other.address)
        give(monkeypatch, *server.keys)
        assert numeri("status").code == 1
        assert other.keys, "keys for this very host would be seen"


def test_keys_in_the_environment_are_numerais_unless_it_names_another_host(
    numeri: Numeri, server: Served, monkeypatch: Patch
) -> None:
    monkeypatch.delenv("NUMERI_API_URL")
    give(monkeypatch, *server.keys)
    said = numeri("status", "--tournament", server.address, "--json")
    refused(said, exit_code=3, code="keys_missing", sentence=server.host, cure="`numeri login`")
