"""numeri models trust: what may be opened though opening it can run code, by its digest."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.errors import FileMissing
from numeri_cli.files import digest_file, write_text
from numeri_cli.home import Home
from numeri_cli.published import Published

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class TrustedFile(Published):
    """A file whose bytes may be opened from now on; known: they were trusted before.

    digest: SHA-256, in hex
    """

    file: Path
    digest: str
    known: bool


def trust(context: Context, file: Path) -> TrustedFile:
    """Note down that these bytes may be opened, whatever code is in them; any change ends that.

    Raises FileMissing, DiskError.
    """
    if not file.is_file():
        raise FileMissing(f"there is no file {file}", hint="name a pickle or an exported model")
    path = file.absolute()
    digest = digest_file(path)
    known = is_trusted(context.home, digest)
    if not known:
        note_trust(context.home, digest, path)
    return TrustedFile(path, digest, known)


def note_trust(home: Home, digest: str, file: Path) -> None:
    """Let bytes of this SHA-256 be opened; file: where they came from. Raises DiskError."""
    note = {"file": str(file), "time": datetime.now(UTC).isoformat(timespec="seconds")}
    write_text(_note(home, digest), json.dumps(note), mode=0o600)


def is_trusted(home: Home, digest: str) -> bool:
    """Whether somebody on this machine has trusted the bytes of this SHA-256."""
    return bool(_DIGEST.fullmatch(digest)) and _note(home, digest).is_file()


def _note(home: Home, digest: str) -> Path:
    return home.trusted / f"{digest}.json"
