"""Keys: from the environment, then from a file that only its owner can read. Never shown.

Keys belong to the host of an API. Those in the environment are for the host that the environment
names (NUMERI_API_URL), or for Numerai's own; stored ones only for the host they were stored for.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from numeri_cli.errors import CredentialsUnsafe, DiskError, KeysMissing
from numeri_cli.files import disk_errors, write_text

NUMERAI_HOST = "api-tournament.numer.ai"
PUBLIC_ID, SECRET_KEY, BOTH_KEYS = (
    "NUMERAI_PUBLIC_ID",
    "NUMERAI_SECRET_KEY",
    "NUMERAI_MCP_AUTH",
)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_QUOTES = tuple("\"'`\u201c\u201d\u2018\u2019")
_PLAIN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Keys:
    """An API key pair; the secret shows in no repr."""

    public_id: str
    secret: str = field(repr=False)

    def authorization(self) -> str:
        """The value of the Authorization header."""
        return f"Token {self.public_id}${self.secret}"


@dataclass(frozen=True, slots=True)
class FoundKeys:
    """Keys and where they were found: "environment" or "file"."""

    keys: Keys
    source: str


def check_keys(public_id: str, secret: str) -> Keys:
    """Keys as typed or pasted. Raises KeysMissing where one is empty or not one plain word."""
    public_id, secret = public_id.strip(), secret.strip()
    for what, variable, value in (
        ("public id", PUBLIC_ID, public_id),
        ("secret key", SECRET_KEY, secret),
    ):
        if value[:1] in _QUOTES or value[-1:] in _QUOTES:
            raise _quoted_keys(what, variable)
    if not _PLAIN.fullmatch(public_id) or not _PLAIN.fullmatch(secret) or "$" in public_id:
        raise KeysMissing(
            "the keys are incomplete: a public id and a secret key are needed, each one word",
            hint="copy both from numer.ai > Account > Automation, then `numeri login`",
        )
    return Keys(public_id, secret)


def _quoted_keys(what: str, variable: str) -> KeysMissing:
    return KeysMissing(
        f"the {what} begins or ends with a quotation mark, which is no part of it",
        hint=f"take the quotes away; where {variable} comes from an env file, they stand there:"
        " Docker, systemd and others pass them on",
    )


def environment_keys(host: str, environment_host: str | None) -> Keys | None:
    """The environment's keys, where they are meant for `host`.

    environment_host: the host in NUMERI_API_URL, None where that is not set
    Raises KeysMissing where only half of a pair is set.
    """
    if host != (environment_host or NUMERAI_HOST):
        return None
    public_id, secret = os.environ.get(PUBLIC_ID, ""), os.environ.get(SECRET_KEY, "")
    if not public_id and not secret:
        token = os.environ.get(BOTH_KEYS, "").strip()
        if token and (token[0] in _QUOTES or token[-1] in _QUOTES):
            raise _quoted_keys(f"value of {BOTH_KEYS}", BOTH_KEYS)
        public_id, _, secret = token.removeprefix("Token ").partition("$")
        if token and not secret:
            raise KeysMissing(
                f"{BOTH_KEYS} does not hold a public id and a secret key",
                hint="it should read PUBLIC_ID$SECRET_KEY; or unset it and use `numeri login`",
            )
    if not public_id and not secret:
        return None
    if not public_id or not secret:
        missing = SECRET_KEY if public_id else PUBLIC_ID
        raise KeysMissing(
            f"{missing} is not set, but its other half is",
            hint=f"set both {PUBLIC_ID} and {SECRET_KEY}, or neither and use `numeri login`",
        )
    return check_keys(public_id, secret)


def stored_hosts(path: Path) -> dict[str, Keys]:
    """All stored keys by host; empty where there is no file. Raises CredentialsUnsafe."""
    import tomllib

    with disk_errors(path):
        if not path.exists():
            return {}
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise CredentialsUnsafe(
                f"{path} can be read by other users of this machine",
                hint=f"`chmod 600 {path}`; if others had access, make new keys on numer.ai",
            )
        content = path.read_bytes()
    try:
        table = tomllib.loads(content.decode())
        return {
            host: Keys(str(entry["public_id"]), str(entry["secret_key"]))
            for host, entry in table["hosts"].items()
        }
    except (
        UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError,
        RecursionError,
    ):  # fmt: skip
        raise CredentialsUnsafe(
            f"{path} is damaged, or no file of keys",
            hint="remove it and store the keys again with `numeri login`",
        ) from None


def find_keys(path: Path, host: str, *, environment_host: str | None) -> FoundKeys | None:
    """The keys for a host: the environment's first, then the stored ones, else None."""
    keys = environment_keys(host, environment_host)
    if keys is not None:
        return FoundKeys(keys, "environment")
    stored = stored_hosts(path).get(host)
    return FoundKeys(stored, "file") if stored else None


def stored_secrets(path: Path) -> tuple[str, ...]:
    """Every key of the file; none where it cannot be read."""
    try:
        stored = stored_hosts(path)
    except (CredentialsUnsafe, DiskError):
        return ()
    return tuple(one for keys in stored.values() for one in (keys.public_id, keys.secret))


def store_keys(path: Path, keys: Keys, *, host: str) -> None:
    """Add or replace the keys of one host; the file is 0600 from its first byte on."""
    _write(path, {**stored_hosts(path), host: keys})


def forget_keys(path: Path, host: str) -> bool:
    """Remove the keys of one host; False where there were none."""
    hosts = stored_hosts(path)
    if hosts.pop(host, None) is None:
        return False
    _write(path, hosts)
    return True


def _write(path: Path, hosts: dict[str, Keys]) -> None:
    lines = ["# Written by `numeri login`; `numeri logout` removes an entry.\n"]
    for host, keys in sorted(hosts.items()):
        lines.append(
            f"\n[hosts.{_quoted(host)}]\n"
            f"public_id = {_quoted(keys.public_id)}\n"
            f"secret_key = {_quoted(keys.secret)}\n"
        )
    write_text(path, "".join(lines), mode=0o600)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
