"""What the owner of this machine alone may know of a tournament: its keys, in one file of it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field

from numeri_cli.files import disk_errors, write_text
from numeri_cli.practice.database.database import damaged
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.participants.accounts import NewKey


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """The participant's key, and what signs file URLs, in hex."""

    public_id: str
    secret: str = field(repr=False)
    signing_key: str = field(repr=False)


def write_secrets(folders: Folders, key: NewKey) -> None:
    """Keep the participant's key and a fresh signing key, readable by the owner only."""
    content = {
        "public_id": key.public_id,
        "secret": key.secret,
        "signing_key": secrets.token_hex(32),
    }
    write_text(folders.keys, json.dumps(content, indent=1), mode=0o600)


def read_secrets(folders: Folders) -> Secrets:
    """The secrets of a tournament. Raises PracticeDamaged, PathForbidden."""
    if not folders.keys.is_file():
        raise damaged(folders.keys)
    with disk_errors(folders.keys):
        written = folders.keys.read_bytes()
    try:
        content = json.loads(written)
        names = ("public_id", "secret", "signing_key")
        if not all(isinstance(content[name], str) for name in names):
            raise TypeError("a key that is no text")
        return Secrets(**{name: content[name] for name in names})
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(folders.keys) from error
