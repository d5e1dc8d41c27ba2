"""Keys: whose they are, where they are kept, and that they are not shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from numeri_cli.credentials import (
    NUMERAI_HOST,
    Keys,
    check_keys,
    environment_keys,
    find_keys,
    forget_keys,
    store_keys,
    stored_hosts,
)
from numeri_cli.errors import CredentialsUnsafe, KeysMissing

KEYS = Keys("PUBLIC", 'secret"\\key')


def test_the_secret_shows_in_no_repr() -> None:
    assert "PUBLIC" in repr(KEYS)
    assert "secret" not in repr(KEYS).replace("secret=", "")
    assert KEYS.authorization() == 'Token PUBLIC$secret"\\key'


def test_stored_keys_come_back_for_their_own_host_only(tmp_path: Path) -> None:
    path = tmp_path / "config" / "credentials.toml"
    store_keys(path, KEYS, host="example.org:8000")
    store_keys(path, Keys("OTHER", "other"), host=NUMERAI_HOST)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = find_keys(path, "example.org:8000", environment_host=None)
    assert found is not None
    assert (found.keys, found.source) == (KEYS, "file")
    assert find_keys(path, "example.org", environment_host=None) is None
    assert forget_keys(path, "example.org:8000")
    assert not forget_keys(path, "example.org:8000")
    assert list(stored_hosts(path)) == [NUMERAI_HOST]


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "credentials.toml"
    store_keys(path, KEYS, host=NUMERAI_HOST)
    path.chmod(0o640)
    with pytest.raises(CredentialsUnsafe) as caught:
        stored_hosts(path)
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize("text", [b"\xff", b"hosts = 3", b"[hosts.a]\npublic_id = 1", b"x"])
def test_a_damaged_file_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "credentials.toml"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(CredentialsUnsafe):
        stored_hosts(path)


def test_environment_keys_go_to_the_host_the_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", "A")
    monkeypatch.setenv("NUMERAI_SECRET_KEY", "B")
    assert environment_keys(NUMERAI_HOST, None) == Keys("A", "B")
    assert environment_keys("127.0.0.1:8000", None) is None
    assert environment_keys("127.0.0.1:8000", "127.0.0.1:8000") == Keys("A", "B")
    assert environment_keys(NUMERAI_HOST, "127.0.0.1:8000") is None


def test_half_a_pair_is_named_and_the_ecosystems_third_variable_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", "A")
    with pytest.raises(KeysMissing, match="NUMERAI_SECRET_KEY is not set"):
        environment_keys(NUMERAI_HOST, None)
    monkeypatch.delenv("NUMERAI_PUBLIC_ID")
    monkeypatch.setenv("NUMERAI_MCP_AUTH", "Token A$B$C")
    assert environment_keys(NUMERAI_HOST, None) == Keys("A", "B$C")


@pytest.mark.parametrize(
    ("public_id", "secret"), [("", "x"), ("x", " "), ("a b", "c"), ("a$", "c")]
)
def test_words_that_cannot_be_keys_are_refused(public_id: str, secret: str) -> None:
    with pytest.raises(KeysMissing):
        check_keys(public_id, secret)


@pytest.mark.parametrize("mark", ['"', "'", "\u201c"])
def test_quotes_around_a_key_from_an_env_file_are_named(
    monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", "PUBLIC")
    monkeypatch.setenv("NUMERAI_SECRET_KEY", f"{mark}abc{mark}")
    with pytest.raises(KeysMissing, match="secret key begins or ends with a quotation mark") as one:
        environment_keys(NUMERAI_HOST, None)
    assert "NUMERAI_SECRET_KEY" in one.value.hint
    assert "abc" not in one.value.message + one.value.hint
    monkeypatch.delenv("NUMERAI_PUBLIC_ID")
    monkeypatch.delenv("NUMERAI_SECRET_KEY")
    monkeypatch.setenv("NUMERAI_MCP_AUTH", f"{mark}Token PUBLIC$abc{mark}")
    with pytest.raises(KeysMissing, match="NUMERAI_MCP_AUTH begins or ends with a quotation mark"):
        environment_keys(NUMERAI_HOST, None)
