"""The path that the webhook is sent to: made once, kept for its owner alone, guessed by nobody.

The server signs nothing, so whoever knows the path can start a run; nothing else protects it.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
from pathlib import Path

from numeri_cli.errors import CredentialsUnsafe, LockHeld
from numeri_cli.files import disk_errors, write_text
from numeri_cli.locks import held_lock

_RANDOM_BYTES = 32
_WHOLE = re.compile(r"/[A-Za-z0-9_-]{40,}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LOOK_SECONDS, _LONGEST_SECONDS = 0.02, 5.0


def secret_path(file: Path, *, lock: Path) -> str:
    """The path, such as "/3kJ…"; made where there is none, the same for ever afterwards.

    file: where it is kept, with mode 600; lock: held while it is made
    Raises CredentialsUnsafe where others may read the file or it holds something else, LockHeld,
    DiskError.
    """
    found = _kept(file)
    if found is not None:
        return found
    until = time.monotonic() + _LONGEST_SECONDS
    while True:
        try:
            with held_lock(lock, what="another `numeri listen` that makes its path"):
                if (found := _kept(file)) is None:
                    found = f"/{secrets.token_urlsafe(_RANDOM_BYTES)}"
                    write_text(file, f"{found}\n", mode=0o600)
                return found
        except LockHeld:
            if time.monotonic() > until:
                raise
            time.sleep(_LOOK_SECONDS)


def _kept(file: Path) -> str | None:
    with disk_errors(file):
        if not file.exists():
            return None
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & _OTHERS:
            raise CredentialsUnsafe(
                f"{file} can be read by other users of this machine",
                hint="remove it: `numeri listen` makes another path, which the webhook needs then",
            )
        text = file.read_bytes().decode(errors="replace").strip()
    if not _WHOLE.fullmatch(text):
        raise CredentialsUnsafe(
            f"{file} holds no path of a webhook",
            hint="remove it: `numeri listen` makes another path, which the webhook needs then",
        )
    return text
